"""Text in, count out: the encodings, the engines, and the choice between them. Knows no git and no repositories."""
