"""Who is asking: tokens of the application's users, our own session tokens, guests, and keys."""
