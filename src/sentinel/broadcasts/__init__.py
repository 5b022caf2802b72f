"""What clients are told: from a published update to a message for each whom it concerns."""
