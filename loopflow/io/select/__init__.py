"""What there is to select from: paths of a request, listings, filters."""
