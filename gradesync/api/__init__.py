"""What grade passback adds to the API: courses, previews, pushes, scores."""
