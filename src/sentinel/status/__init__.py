"""The status page: what clients see of components and broadcasts, and in which forms."""
