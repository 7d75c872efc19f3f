"""Music: melodies as tokens, a VAE that reads and writes them, and files that play."""
