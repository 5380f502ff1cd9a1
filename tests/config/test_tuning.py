from __future__ import annotations

import pytest

from submit.job import Goal, Metric, Parameter, ParameterKind, Scale, Study
from tests.config.said import errors, meant, warnings


def legacy(*parameters: str, rest: str = "") -> str:
    lines = "".join(f"    - {{{parameter}}}\n" for parameter in parameters)
    return f"trainingInput:\n  hyperparameters:\n    goal: MAXIMIZE\n{rest}    params:\n{lines}"


def modern(parameter: str, rest: str = "") -> str:
    return (
        "studySpec:\n"
        "  metrics: [{metricId: loss, goal: MINIMIZE}]\n"
        f"  parameters: [{{{parameter}}}]\n{rest}"
        "maxTrialCount: 8\n"
        "parallelTrialCount: 2\n"
        "trialJobSpec: {workerPoolSpecs: [{machineSpec: {machineType: n1-standard-4}}]}\n"
    )


def test_a_study_of_ml_engine_is_read_with_the_services_own_defaults() -> None:
    assert meant(legacy("parameterName: lr, type: DOUBLE, minValue: 1e-4, maxValue: 1")).study == Study(
        metrics=(Metric(name="training/hptuning/metric", goal=Goal.MAXIMIZE),),
        parameters=(Parameter(name="lr", kind=ParameterKind.DOUBLE, minimum=0.0001, maximum=1),),
    )


def test_every_kind_of_parameter_of_ml_engine_is_read() -> None:
    text = legacy(
        "parameterName: a, type: DOUBLE, minValue: 0.1, maxValue: 1, scaleType: UNIT_LOG_SCALE",
        "parameterName: b, type: INTEGER, minValue: 1, maxValue: 9, scaleType: NONE",
        "parameterName: c, type: CATEGORICAL, categoricalValues: [relu, 'yes']",
        "parameterName: d, type: DISCRETE, discreteValues: [16, 32.5]",
        rest="    maxTrials: 4\n    maxParallelTrials: 2\n    maxFailedTrials: 1\n    algorithm: RANDOM_SEARCH\n"
        "    hyperparameterMetricTag: acc\n    enableTrialEarlyStopping: true\n    resumePreviousJobId: before\n",
    )
    assert meant(text).study == Study(
        metrics=(Metric(name="acc", goal=Goal.MAXIMIZE),),
        parameters=(
            Parameter(name="a", kind=ParameterKind.DOUBLE, minimum=0.1, maximum=1, scale=Scale.LOG),
            Parameter(name="b", kind=ParameterKind.INTEGER, minimum=1, maximum=9),
            Parameter(name="c", kind=ParameterKind.CATEGORICAL, values=("relu", "yes")),
            Parameter(name="d", kind=ParameterKind.DISCRETE, values=(16, 32.5)),
        ),
        max_trials=4,
        parallel_trials=2,
        max_failed_trials=1,
        algorithm="RANDOM_SEARCH",
        early_stopping=True,
        resume_job="before",
    )


def test_a_tuning_job_of_vertex_ai_is_read_with_what_only_it_knows() -> None:
    conditional = "conditionalParameterSpecs: [{parentIntValues: {values: [1]}, parameterSpec: {parameterId: m}}]"
    text = modern(
        f"parameter_id: layers, integer_value_spec: {{min_value: 1, max_value: 3, default_value: 2}}, {conditional}",
        "  medianAutomatedStoppingSpec: {useElapsedDuration: true}\n  measurementSelectionType: BEST_MEASUREMENT\n",
    )
    study = meant(text).study
    assert study is not None
    assert study.parameters == (
        Parameter(
            name="layers",
            kind=ParameterKind.INTEGER,
            minimum=1,
            maximum=3,
            extras={
                "conditionalParameterSpecs": [
                    {"parentIntValues": {"values": [1]}, "parameterSpec": {"parameterId": "m"}}
                ],
                "integerValueSpec.defaultValue": 2,
            },
        ),
    )
    assert study.metrics == (Metric(name="loss", goal=Goal.MINIMIZE),)
    assert (study.max_trials, study.parallel_trials, study.early_stopping) == (8, 2, True)
    assert study.extras == {
        "medianAutomatedStoppingSpec": {"useElapsedDuration": True},
        "measurementSelectionType": "BEST_MEASUREMENT",
    }
    assert meant(text).dialect == "vertex-tuning"


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("type: DOUBLE, minValue: 2, maxValue: 1", [": `minValue` 2 is greater than `maxValue` 1"]),
        ("type: DOUBLE, minValue: 1", [": DOUBLE needs `maxValue`"]),
        ("type: INTEGER", [": INTEGER needs `minValue` and `maxValue`"]),
        ("type: INTEGER, minValue: 0.5, maxValue: 2", [": INTEGER needs whole numbers"]),
        ("type: CATEGORICAL", [": CATEGORICAL needs `categoricalValues`"]),
        ("type: DISCRETE", [": DISCRETE needs `discreteValues`"]),
        ("type: DISCRETE, discreteValues: [2, 1]", [": the values of DISCRETE are ascending"]),
        ("type: DISCRETE, discreteValues: [1, 1]", [": a value stands twice"]),
        ("type: CATEGORICAL, categoricalValues: [a, b, a]", [": a value stands twice"]),
        ("type: CATEGORICAL, categoricalValues: [b, a]", []),
        (
            "type: CATEGORICAL, categoricalValues: [a], minValue: 1",
            [".minValue: does not go with CATEGORICAL"],
        ),
        (
            "type: DOUBLE, minValue: 0, maxValue: 1, scaleType: UNIT_LOG_SCALE",
            [".scaleType: `UNIT_LOG_SCALE` is not possible from 0"],
        ),
        (
            "type: DISCRETE, discreteValues: [-1, 1], scaleType: UNIT_REVERSE_LOG_SCALE",
            [".scaleType: `UNIT_REVERSE_LOG_SCALE` is not possible from -1"],
        ),
        ("type: DOUBLE, minValue: low, maxValue: 1", [".minValue: `low` is not a number"]),
        ("type: double, minValue: 0, maxValue: 1", [".type: `double` is not spelt right"]),
        ("minValue: 0, maxValue: 1", [": `type` is missing"]),
    ],
)
def test_a_hyperparameter_of_ml_engine_has_the_values_of_its_kind(parameter: str, expected: list[str]) -> None:
    path = "trainingInput.hyperparameters.params[0]"
    assert errors(legacy(f"parameterName: a, {parameter}")) == [f"{path}{line}" for line in expected]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("", [": has no values"]),
        ("doubleValueSpec: {minValue: 1, maxValue: 0}", [": `minValue` 1 is greater than `maxValue` 0"]),
        ("integerValueSpec: {minValue: 1.5, maxValue: 2}", [".integerValueSpec.minValue: `1.5` is not a whole number"]),
        (
            "doubleValueSpec: {minValue: 0, maxValue: 1}, categoricalValueSpec: {values: [a]}",
            [".categoricalValueSpec: a hyperparameter has one kind of values"],
        ),
        ("discreteValueSpec: {values: []}", [".discreteValueSpec.values: is empty; it has at least 1"]),
    ],
)
def test_a_hyperparameter_of_vertex_ai_has_one_kind_of_values(parameter: str, expected: list[str]) -> None:
    assert errors(modern(f"parameterId: a, {parameter}")) == [f"studySpec.parameters[0]{line}" for line in expected]


def test_two_hyperparameters_have_two_names() -> None:
    one = "parameterName: a, type: DOUBLE, minValue: 0, maxValue: 1"
    assert errors(legacy(one, one)) == ["trainingInput.hyperparameters.params[1]: `a` stands twice"]


def test_a_grid_has_no_continuous_side() -> None:
    text = legacy("parameterName: a, type: DOUBLE, minValue: 0, maxValue: 1", rest="    algorithm: GRID_SEARCH\n")
    assert errors(text) == ["trainingInput.hyperparameters.params[0]: GRID_SEARCH cannot try DOUBLE"]


def test_more_trials_at_a_time_than_in_all_are_worth_a_warning() -> None:
    text = legacy("parameterName: a, type: INTEGER, minValue: 0, maxValue: 1", rest="    maxParallelTrials: 3\n")
    assert warnings(text) == ["trainingInput.hyperparameters.maxParallelTrials: 3 trials at a time, but only 1 in all"]


def test_a_study_without_what_it_needs_is_told_so() -> None:
    assert errors("studySpec: {}\nmaxTrialCount: 1") == [
        ": `trialJobSpec` is missing",
        ": `parallelTrialCount` is missing",
        "studySpec: `metrics` is missing",
        "studySpec: `parameters` is missing",
    ]
