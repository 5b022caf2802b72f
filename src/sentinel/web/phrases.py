"""The interface's words for the states and acts that records name by a code word."""

PHRASES: dict[str, dict[str, str]] = {
    "verb": {
        "alert_pending": "Alert waits",
        "alert_dropped": "Alert dropped",
        "alert_fired": "Alert fired",
        "alert_resolved": "Alert over",
        "incident_opened": "Incident opened",
        "incident_joined": "Alert joined",
        "incident_rerooted": "Cause found",
        "incident_acknowledged": "Acknowledged",
        "incident_resolved": "Incident over",
        "delivery_enqueued": "Message written",
        "not_delivered": "Nobody told",
        "detector_failed": "Detector failed",
    },
    # Why a message was not written, where it is nothing to worry about.
    "unsent": {"same_incident": "No new message", "acknowledged": "No new message"},
    "reason": {
        "firing": "it fires",
        "cause_found": "cause found",
        "reminder": "reminder",
        "resolved": "all clear",
        "test": "test",
    },
    "category": {
        "external_service": "External service",
        "infrastructure": "Infrastructure",
        "company_config": "Company's settings",
        "system": "System",
        "data": "Data",
    },
    "companies": {"all": "all companies", "specific": "some companies", "none": "no company"},
    "state": {
        "healthy": "Healthy",
        "degraded": "Degraded",
        "critical": "Critical",
    },
    "done": {
        "acknowledged": "You have it. No further steps or reminders go out.",
        "resolved": "Resolved. If it comes back, it is marked as regressed.",
        "ignored": "Ignored. It is still counted.",
        "open": "Open again.",
        "queued": "It will be sent again now.",
        "not-failed": "It was not sent again: only a failed delivery can be.",
        "role": "The role is changed.",
        "removed": "Removed.",
        "project": "The project is ready.",
        "welcome": "Welcome. Your password is set.",
    },
}
