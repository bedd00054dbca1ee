"""Ground for all other rooms: texts, errors, declarations, settings, files. Knows neither Qt nor torch."""
