"""From YAML files to one frozen Config, or to a list of every problem in them."""
