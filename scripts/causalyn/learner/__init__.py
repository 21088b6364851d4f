"""In: frames of features, treatment and outcome. Out: fitted models, scores, explanations, refutations. Never: hidden truth."""
