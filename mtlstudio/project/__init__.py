"""What a project is, as frozen data, and all that can be said and done about it without torch."""
