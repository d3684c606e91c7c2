"""What unattended runs need: a lock, the state of a run, retention, notifications."""
