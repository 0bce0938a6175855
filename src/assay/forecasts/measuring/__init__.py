"""Do forecasts hold? What was published, against what happened."""

from assay.forecasts.measuring.evaluating import evaluate_forecasts

__all__ = ["evaluate_forecasts"]
