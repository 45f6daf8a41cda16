"""Who will leave, when, and why: training, evaluation, reasons, and the step on a warehouse."""
