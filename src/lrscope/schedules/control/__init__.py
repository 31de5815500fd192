"""Control: factors that answer to a metric. Pure state machines, no torch."""
