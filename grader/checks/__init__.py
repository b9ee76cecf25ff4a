"""Every family of checks; importing this registers them all."""
