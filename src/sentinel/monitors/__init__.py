"""Whether jobs run when they should: from check-ins and schedules to runs that were missed."""
