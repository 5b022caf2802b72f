"""A small web shop that confirms orders by SMS, instrumented with the plain sentry_sdk."""
