"""What `plaudit demo` shows: a crowd that never was, and a page with thumbs to click."""
