"""What the engineer on call needs: faults in words, one run at a time, logs, costs of runs, back-ups, and a doctor."""
