"""Documents of strangers: what is drawn on their pages, and nothing else of them."""
