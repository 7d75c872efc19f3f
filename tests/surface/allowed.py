"""What the walk lets pass although a value looks bad, and why: each row is needed, or a test fails.

A row is a pattern of ``function(argument)``, a pattern of the value's name, and the reason.
"""

ANY = ".*"
RECORDS = "a record that functions return; nobody else makes one"
NO_ARGUMENTS = "it takes no arguments"
INNER = "it takes what its own `forward` made, never what a user has"
PROTOCOL = "it has no code: subclasses write it"

# Public names that need no example, because nothing can be thrown at them.
WITHOUT_EXAMPLE = {
    **dict.fromkeys(
        (
            *("EquivalenceReport", "GradientReport", "LinearVAEReport", "bayes.Annealed"),
            *("bayes.Chain", "bayes.GradientSamples", "bayes.InferenceGaps", "claims.Claim"),
            *("bayes.MeanFieldGaussian", "claims.Row", "datasets.Digits", "datasets.Loops"),
            *("datasets.LinearGaussian", "diagnostics.ElboSurgery", "diagnostics.RateDistortion"),
            *("studies.Entry", "studies.Findings", "studies.Study", "studies.Bench"),
            *("studies.Entry.mean", "studies.Entry.seeds", "studies.Findings.cells"),
        ),
        RECORDS,
    ),
    **dict.fromkeys(
        (
            *("Bernoulli", "ContinuousBernoulli", "Layer", "ReLU", "Sigmoid", "Softplus"),
            *("SquaredError", "Tanh", "regularizers.Regularizer", "regularizers.LinearRegularizer"),
            "schedules.Schedule",
        ),
        NO_ARGUMENTS,
    ),
    **dict.fromkeys(
        ("VAE.backward", "VAE.forward", "Autoencoder.backward", "Autoencoder.forward"), INNER
    ),
    **dict.fromkeys(
        (
            *("Layer.backward", "Layer.forward", "schedules.Schedule.__call__"),
            *("regularizers.Regularizer.penalty", "regularizers.Regularizer.penalty_backward"),
        ),
        PROTOCOL,
    ),
    **dict.fromkeys(
        ("SquaredError.sample", "Categorical.mean"), "it refuses every call, and says what to use"
    ),
    **dict.fromkeys(
        ("course.check", "course.show", "course.show_file", "course.figure_file"),
        "a tutorial's own call, which the tests of the course make",
    ),
    **dict.fromkeys(
        ("studies.run", "studies.Bench.choose", "studies.Bench.measure", "studies.Bench.say"),
        "it trains for seconds; tests/studies has its bad arguments",
    ),
    **dict.fromkeys(
        (
            *("TwoSampleReport", "bayes.Ensemble", "bayes.Ensemble.members", "VAE.penalty"),
            *("corruptions.Corruption", "corruptions.Corruption.noisy", "BayesianVAE.members"),
            *("corruptions.Gaussian.noisy", "corruptions.Masking.noisy"),
            *("corruptions.SaltAndPepper.noisy", "regularizers.SparseCode.code_penalty"),
            *("regularizers.SparseCode.code_penalty_backward", "bayes.baoab", "bayes.euler"),
            *("bayes.ScaleAdaptedSGHMC.load_state_dict", "bayes.ScaleAdaptedSGHMC.state_dict"),
            "bayes.ScaleAdaptedSGHMC.temperature",
        ),
        "a record, or a step of a sampler or a model, which calls it with its own arrays",
    ),
    **dict.fromkeys(
        (
            *("BayesianVAE", "BayesianVAE.code_log_likelihoods", "BayesianVAE.codes"),
            *("BayesianVAE.fit", "BayesianVAE.inverse_transform", "BayesianVAE.is_sampled"),
            *("BayesianVAE.lag_distances", "BayesianVAE.load_state_dict", "BayesianVAE.sample"),
            *("BayesianVAE.log_likelihood", "BayesianVAE.log_likelihoods", "BayesianVAE.score"),
            *("BayesianVAE.loss_and_grads", "BayesianVAE.losses", "BayesianVAE.reconstruct"),
            *("BayesianVAE.state_dict", "BayesianVAE.transform"),
        ),
        "not walked yet: it needs a chain that is trained",
    ),
    **dict.fromkeys(
        ("Bernoulli.log_prob_by_definition", "Bernoulli.log_prob_backward_by_definition"),
        "the definition, frozen beside the fast form, for comparison",
    ),
    "course.chosen_data": "its argument is a name in our own tutorials",
    "datasets.mnist": "it may download; tests/datasets has its bad arguments",
    "plots.open_window": "it opens a window",
    "plots.animate_codes": "it writes a film for a second; tests/plots has its bad arguments",
}

ELEMENTWISE = "a function of each number: every shape is right, and infinity has a limit"
LIMIT = "infinity has a limit here: the sigmoid is 1, tanh is 1, a density 0"

ALLOWED = [
    (
        r"(VAE|Autoencoder)\.\w+\(y\)",
        ANY,
        "scikit-learn's convention: y is ignored without classes",
    ),
    (
        r"Autoencoder\.inputs\((rng|eps)\)",
        ANY,
        "every model takes the same call; nothing is random",
    ),
    (r"regularizers\.Regularizer\.check\(params\)", ANY, "the base class has nothing to check"),
    (
        r"schedules\.schedule_from\(beta\)",
        "a function",
        "the function is asked when training starts",
    ),
    (r"(Tanh|ReLU|LeakyReLU|Sigmoid|Softplus)\.forward\(x\)", ANY, ELEMENTWISE),
    (r"bound_log_var\(raw\)", ANY, ELEMENTWISE),
    (r"(Bernoulli|ContinuousBernoulli|SquaredError)\.mean\(out\)", ANY, ELEMENTWISE),
    (r"\w*Bernoulli\.\w+\(out\)", "infinity inside", LIMIT),
    (r"(bound_log_var|gaussian_\w+)_backward\(\w+\)", "infinity inside", LIMIT),
    (r"GRU\.forward\(x\)", "infinity inside", LIMIT),
    (r"\w+\.backward_params\(dy\)", "(NaN|infinity) inside", "the gradients hold it, and show it"),
    (r"reparameterize_backward\(mu\)", "(NaN|infinity) inside", "no gradient depends on mu"),
    (r"(Dense|Sequential|GRU)\.forward\(x\)", "an empty array", "no rows in, no rows out"),
    (
        r"(Dense|Sequential)\.backward\w*\(dy\)",
        "complex",
        "NumPy's words; the model must be complex",
    ),
    (r"ContinuousBernoulli\.sample\(out\)", "complex", "NumPy's words; a sample is never complex"),
    (r"(Bernoulli|Categorical)\.(sample|mode)\(out\)", "(NaN|infinity) inside", "a model checks z"),
    (r"bayes\.\w+_gradient\((mu|sigma)\)", ANY, "one number for all columns is documented"),
    (r"(lerp|slerp)\(t\)", "True", "True counts as the number 1, as in NumPy"),
    (r"claims\.Outcome\(tolerance\)", ANY, "one number for all entries is documented"),
    (r"claims\.Outcome\(exact\)", ANY, "one number for all entries is documented"),
    (r"claims\.Outcome\(draw\)", "a function", "it is called when the picture is drawn"),
    (
        r"diagnostics\.(frechet_distance|precision_and_recall)\(\w+\)",
        "a row fewer",
        "two sets of any size",
    ),
    (r"diagnostics\.frechet_distance\(\w+\)", "1e300 inside", "LAPACK says that it cannot"),
    (r"diagnostics\.elbo_surgery\(\w+\)", "1e300 inside", "the covariance of mu is named"),
    (
        r"diagnostics\.continuity\(codes\)",
        "(a row fewer|one column)",
        "codes of any number and width",
    ),
    (r"bayes\.plug_in_interval\(data\)", "a (row fewer|column more)", "any number of observations"),
    (
        r"(PCA|ProbabilisticPCA)\.fit\w*\(X\)",
        "(one column|a column more)",
        "a data set of any width",
    ),
    (r"VAE\.fit\(validation\)", "(a row fewer|one row)", "a validation set of any size"),
    (r"fit_lbfgs\(eps\)", ANY, "the example's model has no noise, and ignores eps"),
    (r"mlp\(sizes\)", "(a row fewer|a column more|uint8)", "an array of integers is a sequence"),
    (r"plots\.Explorer\(codes\)", "a column more", "the model's own words: decode is its method"),
    (r"regularizers\.\w+\.penalty_backward\(dpenalty\)", "(True|a scalar array)", "it is a number"),
    (
        r"regularizers\.regularizer_from\(spec\)",
        ANY,
        "its message names VAE's argument, regularizer",
    ),
    (r"(check_gradients\(backward|fit_lbfgs\(callback)\)", "a function", "its result is nobody's"),
    (r"check_gradients\(target\)", "a function", "NumPy's words on what the target returns"),
    (r"regularizers\.L2\.penalty\w*\(params\)", "an empty dict", "no parameters cost nothing"),
    (r"plots\.latent_scatter\(labels\)", "texts", "labels may be texts"),
    (r"plots\.loss_curves\(baselines\)", "a dict", "any label may stand at a level"),
    (r"plots\.piano_roll\(color\)", "(one row|the first row)", "four numbers are a colour"),
    (r"VAE\.check_labels\(n_rows\)", "zero", "the message names y, which has other rows"),
    (
        r"bayes\.log_joint\(x\)",
        "(a row fewer|one row)",
        "the message names z, which has other rows",
    ),
    (r"diagnostics\.sample_distance_ratio\(data\)", "one row", "the message speaks of points"),
    (r"outlier_scores\(reference\)", ANY, "documented: only some methods look at it"),
    (r"two_sample_test\((X|Y)\)", "a row fewer", "two samples of any size"),
    (
        r"diagnostics\.(auroc|auprc|false_positive_rate)\(\w+\)",
        ANY,
        "ranks: infinity has its place",
    ),
    (r"schedules\.Linear\(start\)", "one and a half", "the message names end, which is below it"),
]
