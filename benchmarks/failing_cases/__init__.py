"""Small projects whose tools fail, each with what a reader of its log must be able to name."""
