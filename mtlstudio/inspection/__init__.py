"""What a trained network says about pictures: predictor, evaluation, exporters of predictions."""
