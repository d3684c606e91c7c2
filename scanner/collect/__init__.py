"""Stage 1: the only stage that talks to the outside. It reads, and records each answer and each gap."""
