"""The table of oracles: which claim or which test would see an error in a public function.

A claim goes by its name, a test by its path under `tests/` and its function. In `NO_NUMBER` is what
returns no number of its own: settings, parts, checked arguments, arrays as they are.
"""

ORACLES = {
    "bayes.amortization: expected_inference_gaps": "amortization-gap",
    "bayes.amortization: inference_gaps": "inference-gaps-add-up",
    "bayes.annealing: annealed_importance_sampling": (
        "bayes/test_annealing.py::test_the_mean_weight_is_exact_at_any_number_of_steps"
    ),
    "bayes.bayesian_vae: BayesianVAE.fit": (
        "bayes/test_bayesian_vae.py::test_the_posterior_narrows_with_the_data"
    ),
    "bayes.bayesian_vae: BayesianVAE.lag_distances": (
        "bayes/test_bayesian_vae.py::test_distances_against_the_lag"
    ),
    "bayes.bayesian_vae: BayesianVAE.loss_and_grads": (
        "bayes/test_bayesian_vae.py::test_a_pass_is_that_of_the_vae"
    ),
    "bayes.bayesian_vae: BayesianVAE.losses": (
        "bayes/test_bayesian_vae.py::test_a_pass_is_that_of_the_vae"
    ),
    "bayes.chain: Chain.autocorrelation": "autoregression-is-worth-so-many-draws",
    "bayes.chain: Chain.autocorrelation_time": "autoregression-is-worth-so-many-draws",
    "bayes.chain: Chain.effective_sample_size": "autoregression-is-worth-so-many-draws",
    "bayes.conjugate: BetaBernoulli.log_evidence": "beta-bernoulli",
    "bayes.conjugate: BetaBernoulli.predictive": "beta-bernoulli",
    "bayes.conjugate: BetaBernoulli.sample_predictive": "predictive-samples",
    "bayes.conjugate: BetaBernoulli.update": "beta-bernoulli",
    "bayes.conjugate: NormalInverseGamma.from_reference_prior": "t-interval-coverage",
    "bayes.conjugate: NormalInverseGamma.log_evidence": "normal-inverse-gamma",
    "bayes.conjugate: NormalInverseGamma.predictive": "normal-inverse-gamma",
    "bayes.conjugate: NormalInverseGamma.sample_predictive": "predictive-samples",
    "bayes.conjugate: NormalInverseGamma.update": "normal-inverse-gamma",
    "bayes.conjugate: NormalKnownVariance.log_evidence": "normal-mean",
    "bayes.conjugate: NormalKnownVariance.predictive": "normal-mean",
    "bayes.conjugate: NormalKnownVariance.sample_predictive": "predictive-samples",
    "bayes.conjugate: NormalKnownVariance.update": "normal-mean",
    "bayes.ensembles: Ensemble.code_log_likelihoods": (
        "bayes/test_ensembles.py::test_codes_are_judged_by_draws_from_the_members"
    ),
    "bayes.ensembles: Ensemble.codes": (
        "bayes/test_ensembles.py::test_predictions_are_means_over_the_members"
    ),
    "bayes.ensembles: Ensemble.inverse_transform": (
        "bayes/test_ensembles.py::test_predictions_are_means_over_the_members"
    ),
    "bayes.ensembles: Ensemble.log_likelihood": (
        "bayes/test_ensembles.py::test_log_likelihoods_of_known_densities"
    ),
    "bayes.ensembles: Ensemble.log_likelihoods": (
        "bayes/test_ensembles.py::test_log_likelihoods_of_known_densities"
    ),
    "bayes.ensembles: Ensemble.reconstruct": (
        "bayes/test_ensembles.py::test_predictions_are_means_over_the_members"
    ),
    "bayes.ensembles: Ensemble.sample": (
        "bayes/test_ensembles.py::test_samples_come_from_every_member_equally_often"
    ),
    "bayes.ensembles: Ensemble.score": (
        "bayes/test_ensembles.py::test_predictions_are_means_over_the_members"
    ),
    "bayes.ensembles: Ensemble.transform": (
        "bayes/test_ensembles.py::test_predictions_are_means_over_the_members"
    ),
    "bayes.gradient_estimators: elbo_gradient": "elbo-gradient-variances",
    "bayes.gradient_estimators: importance_weighted_gradient": "doubly-reparameterized-gradient",
    "bayes.gradient_estimators: reparameterized_gradient": "bonnet-price-and-stein",
    "bayes.gradient_estimators: score_function_gradient": "bonnet-price-and-stein",
    "bayes.hamiltonian: hmc": "hamiltonian-accept-step",
    "bayes.hamiltonian: leapfrog": "leapfrog-modified-energy",
    "bayes.langevin: baoab": "langevin-stationary-law",
    "bayes.langevin: euler": "langevin-stationary-law",
    "bayes.langevin: sghmc": "langevin-chains",
    "bayes.mcmc: gibbs": "gibbs-on-a-finite-space",
    "bayes.mcmc: metropolis": "metropolis-as-a-matrix",
    "bayes.plug_in: plug_in_coverage": "plug-in-under-coverage",
    "bayes.plug_in: plug_in_interval": "plug-in-under-coverage",
    "bayes.sufficient_statistics: count": "beta-bernoulli",
    "bayes.sufficient_statistics: summarize": "normal-inverse-gamma",
    "bayes.vae_inference: annealed_log_likelihood": (
        "bayes/test_vae_inference.py::test_annealing_finds_the_exact_likelihood"
    ),
    "bayes.vae_inference: log_joint": (
        "bayes/test_vae_inference.py::test_the_joint_density_and_its_gradient"
    ),
    "bayes.variational: elbo_and_gradient": "gradients-of-inference",
    "bayes.variational: fit_mean_field": "mean-field-gap",
    "bayes.variational: gaussian_mean_field": "mean-field-gap",
    "bayes.weight_sampling: ScaleAdaptedSGHMC.temperature": (
        "bayes/test_weight_sampling.py::test_the_weights_have_the_posterior_s_variance"
    ),
    "datasets.drawn_digits: digits": (
        "datasets/test_datasets.py::test_the_second_moments_shear_by_the_slant"
    ),
    "datasets.idx: read_idx": "datasets/test_mnist_files.py::test_reads_packed_and_raw_files",
    "datasets.loop_counts: loop_entropy": (
        "datasets/test_loop_source.py::test_entropy_lies_within_its_exact_bounds"
    ),
    "datasets.loop_counts: loop_entropy_bounds": (
        "datasets/test_loop_source.py::test_lower_bound_is_the_mean_surprise_given_the_factors"
    ),
    "datasets.loop_counts: n_distinct_loops": (
        "datasets/test_loop_source.py::test_distinct_loops_are_as_many_as_a_list_of_them"
    ),
    "datasets.loop_source: contour_laws": (
        "datasets/test_loop_source.py::test_log_prob_is_the_sum_over_all_settings"
    ),
    "datasets.loop_source: loop_log_prob": (
        "datasets/test_loop_source.py::test_log_prob_is_the_sum_over_all_settings"
    ),
    "datasets.loop_source: loops": (
        "datasets/test_loop_source.py::test_frequent_loops_are_as_frequent_as_their_probability_says"
    ),
    "datasets.loop_source: move_laws": (
        "datasets/test_loop_source.py::test_log_prob_is_the_sum_over_all_settings"
    ),
    "datasets.loop_source: onset_chances": (
        "datasets/test_loop_source.py::test_log_prob_is_the_sum_over_all_settings"
    ),
    "datasets.mnist_files: mnist": "datasets/test_mnist_files.py::test_the_real_files",
    "datasets.patches: image_patches": (
        "datasets/test_datasets.py::test_patches_are_cut_from_the_photograph"
    ),
    "datasets.synthetic: linear_gaussian": (
        "datasets/test_datasets.py::test_linear_gaussian_has_the_eigenvalues_it_promises"
    ),
    "diagnostics.code_space: continuity": "measures-follow-the-code",
    "diagnostics.code_space: cycle_error": "measures-follow-the-code",
    "diagnostics.code_space: decoded_steps": "measures-follow-the-code",
    "diagnostics.code_space: hole_fraction": "measures-follow-the-code",
    "diagnostics.code_space: nearest_distances": "measures-follow-the-code",
    "diagnostics.code_space: sample_codes": "model-samples",
    "diagnostics.code_space: sample_distance_ratio": "measures-follow-the-code",
    "diagnostics.density_ratios: classifier_ratio": (
        "diagnostics/test_two_samples.py::test_a_learned_ratio_follows_the_exact_one"
    ),
    "diagnostics.density_ratios: fit_gaussian_vae": (
        "diagnostics/test_two_samples.py::test_the_small_vae_learns_the_density"
    ),
    "diagnostics.density_ratios: halves": (
        "diagnostics/test_two_samples.py::test_halves_are_all_rows_once_in_common_units"
    ),
    "diagnostics.density_ratios: vae_ratio": (
        "diagnostics/test_two_samples.py::test_a_learned_ratio_follows_the_exact_one"
    ),
    "diagnostics.disagreement: effective_models": "weight-scores-of-a-normal",
    "diagnostics.disagreement: weight_scores": "weight-scores-of-a-normal",
    "diagnostics.detection: auprc": (
        "diagnostics/test_detection.py::test_both_areas_are_scikit_learns"
    ),
    "diagnostics.detection: auroc": (
        "diagnostics/test_detection.py::test_auroc_is_scipys_mann_whitney_statistic"
    ),
    "diagnostics.detection: false_positive_rate": (
        "diagnostics/test_detection.py::test_the_rate_is_the_least_over_all_thresholds"
    ),
    "diagnostics.information: active_units": "active-units-are-eigenvalues",
    "diagnostics.information: aggregated_posterior": "aggregated-posterior-is-the-prior",
    "diagnostics.information: elbo_surgery": "elbo-surgery-of-gaussians",
    "diagnostics.information: kl_per_dimension": "mixture-of-codes",
    "diagnostics.information: kl_to_prior": "elbo-surgery-of-gaussians",
    "diagnostics.information: mutual_information": "elbo-surgery-of-a-mixture",
    "diagnostics.information: posteriors": "collapse-of-posteriors",
    "diagnostics.interpolation: lerp": "great-circles-turn-evenly",
    "diagnostics.interpolation: slerp": "great-circles-turn-evenly",
    "diagnostics.marginal_likelihood: encoding_the_prior": "naive-monte-carlo-variance",
    "diagnostics.marginal_likelihood: importance_weighted_bound": "importance-weighted-bounds",
    "diagnostics.marginal_likelihood: log_likelihood": "posterior-proposal-is-exact",
    "diagnostics.outliers: outlier_scores": (
        "diagnostics/test_outliers.py::test_log_likelihood_is_that_of_the_normal"
    ),
    "diagnostics.posterior_fit: elbo_and_likelihood": (
        "diagnostics/test_posterior_fit.py::test_the_gaps_of_a_linear_model_are_exact"
    ),
    "diagnostics.posterior_fit: fit_posterior": (
        "diagnostics/test_posterior_fit.py"
        "::test_the_fitted_posterior_is_the_best_independent_gaussian"
    ),
    "diagnostics.rate: gaussian_rate_distortion": "reverse-water-filling",
    "diagnostics.rate: rate_distortion": (
        "diagnostics/test_diagnostics.py::test_rate_and_distortion_are_the_terms_of_the_elbo"
    ),
    "diagnostics.samples: frechet_distance": "frechet-is-the-least-transport",
    "diagnostics.samples: inception_score": (
        "diagnostics/test_samples.py::test_inception_score_is_the_exponent_of_the_mean_divergence"
    ),
    "diagnostics.samples: precision_and_recall": (
        "diagnostics/test_samples.py::test_precision_and_recall_are_those_of_brute_force"
    ),
    "diagnostics.two_samples: TwoSampleReport.p_value": "p-values-by-enumeration",
    "diagnostics.two_samples: two_sample_test": "p-values-are-uniform",
    "explanation.passes: explain": (
        "explanation/test_passes.py::test_every_gradient_is_that_of_its_line"
    ),
    "explanation.table: Explanation.arrays": (
        "explanation/test_passes.py::test_every_gradient_is_that_of_its_line"
    ),
    "explanation.table: Watched.backward": (
        "explanation/test_passes.py::test_every_gradient_is_that_of_its_line"
    ),
    "explanation.table: Watched.forward": (
        "explanation/test_passes.py::test_every_gradient_is_that_of_its_line"
    ),
    "gradient_check.check: check_gradients": "verdicts-on-gradients",
    "gradient_check.floors: error_floors": (
        "gradient_check/test_check.py::test_right_gradients_pass_at_any_scale"
    ),
    "gradient_check.floors: relative_errors": "checker-sees-a-thousandth",
    "gradient_check.numeric: central_difference": "gradients-of-inference",
    "gradient_check.numeric: complex_step": "verdicts-on-gradients",
    "gradient_check.numeric: numerical_gradient": (
        "gradient_check/test_numeric.py::test_a_gradient_gathers_all_outputs"
    ),
    "gradient_check.numeric: output_at": "central-difference-error",
    "gradient_check.ratio: constant_ratio": (
        "gradient_check/test_ratio.py::test_there_may_be_no_common_ratio"
    ),
    "gradient_check.report: GradientReport.n_checked": "verdicts-on-gradients",
    "gradient_check.report: GradientReport.worst": "gradients-of-inference",
    "gradient_check.worst: worst_entry": "verdicts-on-gradients",
    "linear.autoencoder_is_pca: EquivalenceReport.relative_gap": "verdicts-on-pca",
    "linear.principal_axes: mean_of": (
        "linear/test_pca.py::test_every_number_is_that_of_scikit_learn"
    ),
    "linear.autoencoder_is_pca: moment_matched_rows": "verdicts-on-pca",
    "linear.autoencoder_is_pca: verify_pca_equivalence": "verdicts-on-pca",
    "linear.linear_gaussian: LinearGaussianModel.covariance": "amortization-gap",
    "linear.linear_gaussian: LinearGaussianModel.elbo": "inference-gaps-add-up",
    "linear.linear_gaussian: LinearGaussianModel.log_joint": "gradients-of-inference",
    "linear.linear_gaussian: LinearGaussianModel.log_marginal": "inference-gaps-add-up",
    "linear.linear_gaussian: LinearGaussianModel.posterior": "inference-gaps-add-up",
    "linear.linear_gaussian: LinearGaussianModel.posterior_mean": "inference-gaps-add-up",
    "linear.pca: PCA.decode": "eckart-young-mirsky",
    "linear.pca: PCA.encode": "eckart-young-mirsky",
    "linear.pca: PCA.fit": "pca-density-is-a-normal",
    "linear.pca: PCA.fit_transform": "linear/test_pca.py::test_the_verbs_of_a_model",
    "linear.pca: PCA.get_covariance": "pca-density-is-a-normal",
    "linear.pca: PCA.inverse_transform": "pca-is-the-singular-value-decomposition",
    "linear.pca: PCA.reconstruct": "eckart-young-mirsky",
    "linear.pca: PCA.score": "pca-density-is-a-normal",
    "linear.pca: PCA.score_samples": "pca-density-is-a-normal",
    "linear.pca: PCA.transform": "pca-is-the-singular-value-decomposition",
    "linear.pca: align_signs": "pca-is-the-singular-value-decomposition",
    "linear.principal_axes: axes_about": "pca-is-the-singular-value-decomposition",
    "linear.principal_axes: principal_axes": "pca-is-the-singular-value-decomposition",
    "linear.probabilistic_pca: ProbabilisticPCA.decode": "ppca-posterior-by-conditioning",
    "linear.probabilistic_pca: ProbabilisticPCA.encode": "ppca-posterior-by-conditioning",
    "linear.probabilistic_pca: ProbabilisticPCA.fit": "model-samples",
    "linear.probabilistic_pca: ProbabilisticPCA.fit_transform": (
        "linear/test_probabilistic_pca.py::test_the_verbs_of_a_model"
    ),
    "linear.probabilistic_pca: ProbabilisticPCA.inverse_transform": (
        "ppca-posterior-by-conditioning"
    ),
    "linear.probabilistic_pca: ProbabilisticPCA.posterior": "ppca-posterior-by-conditioning",
    "linear.probabilistic_pca: ProbabilisticPCA.reconstruct": "ppca-posterior-by-conditioning",
    "linear.probabilistic_pca: ProbabilisticPCA.sample": "model-samples",
    "linear.probabilistic_pca: ProbabilisticPCA.score": "ppca-largest-likelihood",
    "linear.probabilistic_pca: ProbabilisticPCA.score_samples": "ppca-posterior-by-conditioning",
    "linear.probabilistic_pca: ProbabilisticPCA.transform": "ppca-posterior-by-conditioning",
    "linear.vae_is_ppca: LinearVAEReport.difference": "verdicts-on-ppca",
    "linear.vae_is_ppca: decoder_variance": "verdicts-on-ppca",
    "linear.vae_is_ppca: exact_elbo": "reverse-water-filling",
    "linear.vae_is_ppca: fit_linear_vae": "active-units-are-eigenvalues",
    "linear.vae_is_ppca: sigma_points": "gap-of-a-rotated-decoder",
    "linear.vae_is_ppca: verify_ppca_equivalence": "verdicts-on-ppca",
    "linear.vae_is_ppca: with_sigma_points": "reverse-water-filling",
    "models.autoencoder: Autoencoder.backward": "every-gradient",
    "models.autoencoder: Autoencoder.encode": "autoencoder-losses",
    "models.autoencoder: Autoencoder.forward": "autoencoder-losses",
    "models.labels: Labelled.class_elbos": (
        "models/test_labels.py::test_class_elbos_and_the_class_they_tell"
    ),
    "models.labels: Labelled.classify": (
        "models/test_labels.py::test_class_elbos_and_the_class_they_tell"
    ),
    "models.model: Model.decode": "autoencoder-losses",
    "models.model: Model.fit_transform": (
        "models/test_models.py::test_fit_transform_is_fit_and_then_transform"
    ),
    "models.model: Model.inverse_transform": "autoencoder-losses",
    "models.model: Model.loss_and_grads": "every-gradient",
    "models.model: Model.losses": "autoencoder-losses",
    "models.model: Model.reconstruct": "autoencoder-losses",
    "models.model: Model.score": "autoencoder-losses",
    "models.model: Model.transform": "beta-is-in-the-loss-alone",
    "models.objectives: Elbo.backward": "every-gradient",
    "models.objectives: Elbo.forward": "beta-is-in-the-loss-alone",
    "models.objectives: ImportanceWeighted.backward": "every-gradient",
    "models.objectives: ImportanceWeighted.forward": "every-gradient",
    "models.objectives: Reconstruction.backward": "every-gradient",
    "models.objectives: Reconstruction.forward": "autoencoder-losses",
    "models.objectives: log_mean_exp": "importance-weighted-bounds",
    "models.objectives: log_mean_exp_backward": "every-gradient",
    "models.regularizers: L2.penalty": "l2-least-loss",
    "models.regularizers: L2.penalty_backward": "every-gradient",
    "models.regularizers: NonUniformL2.penalty": "non-uniform-l2-orders-the-axes",
    "models.regularizers: NonUniformL2.penalty_backward": "every-gradient",
    "models.model: Model.penalty": (
        "models/test_regularizers.py::test_the_best_sparse_code_is_the_bounded_solvers"
    ),
    "models.regularizers: ProductL2.penalty": "product-regularizer",
    "models.regularizers: ProductL2.penalty_backward": "every-gradient",
    "models.regularizers: SparseCode.code_penalty": (
        "models/test_regularizers.py::test_the_best_sparse_code_is_the_bounded_solvers"
    ),
    "models.regularizers: SparseCode.code_penalty_backward": "every-gradient",
    "models.saving: Saved.load": "edge/test_storage.py::test_a_model_comes_back_bit_for_bit",
    "models.saving: Saved.state_dict": "edge/test_storage.py::test_a_model_comes_back_bit_for_bit",
    "models.saving: load": "edge/test_storage.py::test_a_model_comes_back_bit_for_bit",
    "models.vae: VAE.backward": "every-gradient",
    "models.vae: VAE.elbo": "beta-is-in-the-loss-alone",
    "models.vae: VAE.encode": "beta-is-in-the-loss-alone",
    "models.vae: VAE.forward": "binary-elbo-and-gap",
    "models.vae: VAE.sample": "model-samples",
    "models.vae: VAE.sample_posterior": "model-samples",
    "music.decoders: Autoregressive.log_prob": "teacher-forcing-is-the-chain-rule",
    "music.decoders: Autoregressive.log_prob_backward": "music/test_decoders.py::test_gradients",
    "music.decoders: Autoregressive.log_prob_by_step": (
        "music/test_decoders.py::test_it_is_a_distribution"
    ),
    "music.decoders: Autoregressive.mode": (
        "music/test_decoders.py::test_the_mode_is_the_likeliest_token_given_those_before"
    ),
    "music.decoders: Autoregressive.sample": (
        "music/test_decoders.py::test_generating_is_what_teacher_forcing_scores"
    ),
    "music.decoders: Conductor.backward": "music/test_decoders.py::test_gradients_of_the_conductor",
    "music.decoders: Conductor.forward": "music/test_decoders.py::test_gradients_of_the_conductor",
    "music.encoder: MelodyEncoder.forward": (
        "music/test_decoders.py::test_the_encoder_hears_every_token"
    ),
    "music.melodies: notes_to_tokens": "music/test_melodies.py::test_tokens_as_notes",
    "music.melodies: tokens_to_notes": "music/test_melodies.py::test_tokens_as_notes",
    "music.midi: midi_bytes": (
        "music/test_midi.py::test_bytes_of_one_note_are_those_of_the_standard"
    ),
    "music.midi: read_midi": "music/test_midi.py::test_what_is_written_is_read",
    "music.model: MelodyVAE.decode": "music/test_model.py::test_tokens_come_out",
    "music.model: MelodyVAE.draw": "music/test_model.py::test_tokens_come_out",
    "music.model: MelodyVAE.sample": "music/test_model.py::test_tokens_come_out",
    "music.moves: attribute_vector": (
        "music/test_model.py::test_an_attribute_vector_turns_its_attribute"
    ),
    "music.moves: blend": "music/test_model.py::test_blending_without_a_model",
    "music.moves: complete": "music/test_model.py::test_a_completed_loop_begins_with_its_bar",
    "music.moves: density": "music/test_model.py::test_attributes_are_what_they_say",
    "music.moves: interpolate": "music/test_model.py::test_a_way_leads_from_one_loop_to_the_other",
    "music.moves: register": "music/test_model.py::test_attributes_are_what_they_say",
    "music.sound: synthesize": "music/test_sound.py::test_a_note_has_its_frequency",
    "nn.activations: LeakyReLU.backward": "every-gradient",
    "nn.activations: LeakyReLU.forward": (
        "nn/test_activations.py::test_activations_have_their_known_values"
    ),
    "nn.activations: ReLU.backward": "every-gradient",
    "nn.activations: ReLU.forward": (
        "nn/test_activations.py::test_activations_have_their_known_values"
    ),
    "nn.activations: Sigmoid.backward": "every-gradient",
    "nn.activations: Sigmoid.forward": (
        "nn/test_activations.py::test_activations_have_their_known_values"
    ),
    "nn.activations: Softplus.backward": "every-gradient",
    "nn.activations: Softplus.forward": (
        "nn/test_activations.py::test_activations_have_their_known_values"
    ),
    "nn.activations: Tanh.backward": "every-gradient",
    "nn.activations: Tanh.forward": "binary-elbo-and-gap",
    "nn.bidirectional: BidirectionalGRU.backward": "nn/test_recurrent.py::test_gradients_both_ways",
    "nn.bidirectional: BidirectionalGRU.forward": (
        "nn/test_recurrent.py::test_each_row_is_what_it_is_alone"
    ),
    "nn.categorical: Categorical.log_prob": (
        "nn/test_categorical.py::test_log_prob_is_that_of_scipy"
    ),
    "nn.categorical: Categorical.log_prob_backward": "nn/test_categorical.py::test_gradients",
    "nn.categorical: Categorical.mode": (
        "nn/test_categorical.py::test_a_low_temperature_is_the_mode"
    ),
    "nn.categorical: Categorical.sample": (
        "nn/test_categorical.py::test_samples_have_the_probabilities"
    ),
    "nn.categorical: chosen": "nn/test_categorical.py::test_log_prob_is_that_of_scipy",
    "nn.categorical: draw_tokens": "nn/test_categorical.py::test_samples_have_the_probabilities",
    "nn.categorical: log_softmax": (
        "nn/test_categorical.py::test_softmax_is_that_of_scipy_at_any_size"
    ),
    "nn.categorical: softmax": "nn/test_categorical.py::test_softmax_is_that_of_scipy_at_any_size",
    "nn.elementwise: exp_minus_abs": (
        "nn/test_elementwise.py::test_both_are_those_of_scipy_in_both_tails"
    ),
    "nn.elementwise: log1p": (
        "nn/test_elementwise.py::test_log1p_is_that_of_numpy_to_a_few_last_digits"
    ),
    "nn.elementwise: sigmoid": "nn/test_elementwise.py::test_both_are_those_of_scipy_in_both_tails",
    "nn.elementwise: softplus": (
        "nn/test_elementwise.py::test_both_are_those_of_scipy_in_both_tails"
    ),
    "nn.elementwise: softplus_by_definition": (
        "nn/test_elementwise.py::test_both_are_those_of_scipy_in_both_tails"
    ),
    "nn.elementwise: sum_log1p": (
        "nn/test_elementwise.py::test_few_logarithms_have_the_sum_of_all"
    ),
    "nn.elementwise: unit_log_integral": "continuous-bernoulli-normalised",
    "nn.elementwise: unit_mean": "autoencoder-losses",
    "nn.gaussian: bound_log_var": "binary-elbo-and-gap",
    "nn.gaussian: bound_log_var_backward": "every-gradient",
    "nn.gaussian: gaussian_kl": "gaussian-kl-quadrature",
    "nn.gaussian: gaussian_kl_backward": "every-gradient",
    "nn.gaussian: gaussian_kl_between": "gaussian-kl-quadrature",
    "nn.gaussian: gaussian_kl_between_backward": "every-gradient",
    "nn.gaussian: gaussian_log_density": "the-origin-is-empty",
    "nn.gaussian: log_density": "gaussian-shared-variance",
    "nn.gaussian: gaussian_log_density_backward": "every-gradient",
    "nn.gaussian: log_density_backward": "every-gradient",
    "nn.gaussian: kl_per_latent": "beta-is-in-the-loss-alone",
    "nn.gaussian: kl_per_latent_backward": "every-gradient",
    "nn.gaussian: log_ratio_at": "renyi-bounds",
    "nn.gaussian: log_ratio_at_backward": "every-gradient",
    "nn.gaussian: reparameterize": "gaussian-kl-monte-carlo",
    "nn.gaussian: reparameterize_backward": "every-gradient",
    "nn.initial: fan_in": ("nn/test_initial.py::test_weights_have_the_distribution_of_the_papers"),
    "nn.initial: glorot": "nn/test_initial.py::test_weights_have_the_distribution_of_the_papers",
    "nn.initial: he": "nn/test_initial.py::test_weights_have_the_distribution_of_the_papers",
    "nn.initial: initial": "nn/test_initial.py::test_weights_have_the_distribution_of_the_papers",
    "nn.layers: Dense.backward": "every-gradient",
    "nn.layers: Dense.forward": "change-of-variables",
    "nn.likelihoods: Bernoulli.log_prob": "bernoulli-floor",
    "nn.likelihoods: Bernoulli.log_prob_backward": "every-gradient",
    "nn.likelihoods: Bernoulli.log_prob_backward_by_definition": (
        "models/test_step.py::test_ten_steps_are_those_of_torch"
    ),
    "nn.likelihoods: Bernoulli.log_prob_by_definition": (
        "models/test_step.py::test_ten_steps_are_those_of_torch"
    ),
    "nn.likelihoods: Bernoulli.mean": "nn/test_likelihoods.py::test_bernoulli_is_that_of_scipy",
    "nn.likelihoods: Bernoulli.sample": "likelihood-samples",
    "nn.likelihoods: ContinuousBernoulli.log_prob": "autoencoder-losses",
    "nn.likelihoods: ContinuousBernoulli.log_prob_backward": "every-gradient",
    "nn.likelihoods: ContinuousBernoulli.mean": "autoencoder-losses",
    "nn.likelihoods: ContinuousBernoulli.sample": "likelihood-samples",
    "nn.likelihoods: Gaussian.log_prob": "gaussian-shared-variance",
    "nn.likelihoods: Gaussian.log_prob_backward": "every-gradient",
    "nn.likelihoods: Gaussian.mean": "cycle-error-of-a-linear-vae",
    "nn.likelihoods: Gaussian.mean_and_log_var": "likelihood-samples",
    "nn.likelihoods: Gaussian.sample": "model-samples",
    "nn.likelihoods: SquaredError.log_prob": "verdicts-on-pca",
    "nn.likelihoods: SquaredError.log_prob_backward": "every-gradient",
    "nn.likelihoods: SquaredError.mean": "autoencoder-losses",
    "nn.networks: Sequential.backward": "every-gradient",
    "nn.networks: Sequential.forward": "change-of-variables",
    "nn.recurrent: GRU.backward": "gradient-through-a-held-gate",
    "nn.recurrent: GRU.forward": "nn/test_recurrent.py::test_it_is_torch_s",
    "nn.rows: repeat_rows": "doubly-reparameterized-gradient",
    "nn.rows: sum_rows": "doubly-reparameterized-gradient",
    "nn.variances: FixedVariance.mean_and_log_var": "likelihood-samples",
    "nn.variances: FixedVariance.mean_and_log_var_backward": "every-gradient",
    "nn.variances: LearnedVariance.mean_and_log_var": "likelihood-samples",
    "nn.variances: LearnedVariance.mean_and_log_var_backward": "every-gradient",
    "nn.variances: PredictedVariance.mean_and_log_var": "likelihood-samples",
    "nn.variances: PredictedVariance.mean_and_log_var_backward": "every-gradient",
    "nn.variances: floored_log_var": "likelihood-samples",
    "nn.variances: floored_log_var_backward": "every-gradient",
    "training.batches: minibatches": "training/test_loop.py::test_minibatches_hold_every_row_once",
    "training.callbacks: EarlyStopping.state_dict": (
        "training/test_loop.py::test_a_killed_run_ends_where_the_whole_one_does"
    ),
    "training.clipping: clip_by_norm": (
        "training/test_clipping.py::test_the_norm_is_at_most_the_limit_and_the_direction_stays"
    ),
    "training.corruptions: Gaussian.noisy": (
        "training/test_corruptions.py::test_gaussian_noise_is_normal"
    ),
    "training.corruptions: Masking.noisy": (
        "training/test_corruptions.py::test_masking_sets_a_share_to_zero_and_leaves_the_rest"
    ),
    "training.corruptions: SaltAndPepper.noisy": (
        "training/test_corruptions.py::test_salt_and_pepper_are_equally_many"
    ),
    "training.lbfgs: fit_lbfgs": "linear-autoencoder-is-pca",
    "training.lbfgs: minimize": "linear-vae-is-probabilistic-pca",
    "training.loop: evaluate": "autoencoder-losses",
    "training.loop: fit": "denoising-training",
    "training.optimizers: Optimizer.state_dict": (
        "training/test_optimizers.py::test_a_restored_optimizer_goes_on_bit_for_bit"
    ),
    "training.optimizers: adam_step": (
        "training/test_optimizers.py::test_adam_is_the_papers_algorithm_to_the_last_digits"
    ),
    "training.run: Run.state_dict": (
        "training/test_loop.py::test_a_killed_run_ends_where_the_whole_one_does"
    ),
}

NO_NUMBER = [
    "bayes.sampler_checks: start_of",
    "datasets.mnist_files: mirrors",
    "bayes.bayesian_vae: BayesianVAE.grads",
    "bayes.bayesian_vae: BayesianVAE.members",
    "bayes.bayesian_vae: BayesianVAE.params",
    "bayes.bayesian_vae: BayesianVAE.state_dict",
    "bayes.ensembles: Ensemble.members",
    "bayes.langevin: check_integrator",
    "bayes.sampler_checks: chain_of",
    "bayes.sampler_checks: check_log_density",
    "bayes.sampler_checks: check_start",
    "bayes.weight_sampling: KeepSamples.state_dict",
    "bayes.weight_sampling: ScaleAdaptedSGHMC.state_dict",
    "bayes.weight_sampling: WarmUpThenSample.state_dict",
    "datasets.download: download",
    "datasets.loop_source: check_tokens",
    "datasets.mnist_files: cache_folder",
    "diagnostics.posterior_fit: blocks_with_draws",
    "diagnostics.posterior_fit: density_batch",
    "explanation.formulas: formulas_of",
    "gradient_check.problem: as_problem",
    "gradient_check.report: Slopes.analytic",
    "gradient_check.report: Slopes.index",
    "linear.principal_axes: float_blocks",
    "models.autoencoder: Autoencoder.inputs",
    "models.labels: check_labels",
    "models.labels: labels_of",
    "models.labels: one_hot",
    "models.model: Model.check_labels",
    "models.model: Model.dtype",
    "models.model: Model.parts",
    "models.model: Model.with_encoder",
    "models.objectives: Elbo.weight",
    "models.objectives: ImportanceWeighted.weight",
    "models.objectives: Reconstruction.weight",
    "models.objectives: bound_of",
    "models.regularizers: L2.config",
    "models.regularizers: NonUniformL2.config",
    "models.regularizers: ProductL2.config",
    "models.regularizers: SparseCode.config",
    "models.regularizers: regularizer_from",
    "models.vae: VAE.beta",
    "models.vae: VAE.inputs",
    "models.vae: VAE.n_importance",
    "music.decoders: Autoregressive.config",
    "music.decoders: Autoregressive.mean",
    "music.decoders: Autoregressive.n_outputs",
    "music.decoders: Conductor.parts",
    "music.decoders: Identity.backward",
    "music.decoders: Identity.forward",
    "music.encoder: MelodyEncoder.parts",
    "music.pictures: rolls",
    "music.recipe: fit_options",
    "nn.bidirectional: BidirectionalGRU.parts",
    "nn.categorical: Categorical.config",
    "nn.categorical: Categorical.mean",
    "nn.categorical: Categorical.n_outputs",
    "nn.categorical: as_tokens",
    "nn.categorical: one_hot",
    "nn.likelihoods: Gaussian.config",
    "nn.likelihoods: Gaussian.n_outputs",
    "nn.likelihoods: Likelihood.config",
    "nn.likelihoods: Likelihood.n_outputs",
    "nn.likelihoods: SquaredError.sample",
    "nn.likelihoods: likelihood_from",
    "nn.memory: cached_rows",
    "nn.memory: empty",
    "nn.memory: spare",
    "nn.networks: Composite.grads",
    "nn.networks: Composite.params",
    "nn.networks: Sequential.parts",
    "nn.networks: cast",
    "nn.networks: mlp",
    "nn.rows: beside",
    "nn.rows: row_blocks",
    "nn.variances: PredictedVariance.n_outputs",
    "nn.variances: Variance.n_outputs",
    "nn.variances: variance_from",
    "training.batches: Batches.shuffled",
    "training.schedules: schedule_from",
]
