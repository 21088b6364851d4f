"""Keeps fitted learners in the warehouse, a row a fold, in the format of skops.

A skops file holds arrays and the names of types, never code; nothing is built of it but the types in TRUSTED. What a model was
fitted by and on is kept beside it, and a model that is not the one that the caller may use is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED

import pandas as pd
import pyarrow as pa
import sklearn
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from causalyn.learner import uplift

SCHEMA = pa.schema(
    [
        ("fold", pa.int32()),
        ("training_fingerprint", pa.string()),
        ("n_training_users", pa.int64()),
        ("features", pa.string()),
        ("parameters", pa.string()),
        ("library_version", pa.string()),
        ("scikit_learn_version", pa.string()),
        ("model_sha256", pa.string()),
        ("model", pa.binary()),
    ]
)
TRUSTED = [
    f"{kind.__module__}.{kind.__qualname__}"
    for kind in (uplift.FoldModel, uplift.Forest, uplift.CalibrationLine, *uplift.LEARNERS.values())
]


class ModelMismatchError(ValueError):
    """The kept model may not score these users; the message says why and what to do."""


def to_frame(model: uplift.UpliftModel, training: pd.DataFrame, parameters: uplift.Parameters) -> pd.DataFrame:
    """A model, fitted on `training` with `parameters`, as rows of SCHEMA."""
    described = {
        "training_fingerprint": fingerprint(training),
        "n_training_users": len(training),
        "features": ",".join(model.features),
        "parameters": repr(parameters),
        "library_version": _library_version(),
        "scikit_learn_version": sklearn.__version__,
    }
    rows = []
    for fold, fold_model in model.folds.items():
        kept = skops.io.dumps(fold_model, compression=ZIP_DEFLATED)
        rows.append({"fold": fold, "model_sha256": hashlib.sha256(kept).hexdigest(), "model": kept} | described)
    return pd.DataFrame(rows, columns=SCHEMA.names)


def from_frame(
    frame: pd.DataFrame,
    columns: Sequence[str],
    parameters: uplift.Parameters,
    training: pd.DataFrame | None = None,
) -> uplift.UpliftModel:
    """The model of the rows that `to_frame` gave; without rows, one that knows no score.

    Args:
        columns: of the users to score: every one that is not in `uplift.KEYS` is a feature.
        parameters: as they are now; they must be those that the model was fitted with.
        training: what the model must have been fitted on, if its users are to be scored out of fold.

    Raises:
        ModelMismatchError: the model wants other features, was fitted with other parameters, on other data or by another version
            of the library or of scikit-learn, is damaged, or holds types that are not trusted.
    """
    features = [column for column in columns if column not in uplift.KEYS]
    folds = {}
    for row in frame.to_dict("records"):
        _refuse_another(row, features, parameters, training)
        folds[int(row["fold"])] = _read(row)
    return uplift.UpliftModel(tuple(features), folds)


def fingerprint(training: pd.DataFrame) -> str:
    """A hash of what a model was fitted on: its columns, its rows and their order."""
    digest = hashlib.sha256(",".join(training.columns).encode())
    digest.update(pd.util.hash_pandas_object(training, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _library_version() -> str:
    return uplift.library_version()["version"].iloc[0]


def _refuse_another(
    row: dict[str, Any], features: Sequence[str], parameters: uplift.Parameters, training: pd.DataFrame | None
) -> None:
    wanted = row["features"].split(",")
    if wanted != features:
        missing = ", ".join(sorted(set(wanted) - set(features))) or "none"
        unknown = ", ".join(sorted(set(features) - set(wanted))) or "none"
        raise ModelMismatchError(
            f"The kept model was fitted on {len(wanted)} features, and these users have {len(features)}, or in another order: "
            f"missing are {missing}; unknown to the model are {unknown}. Run a full build."
        )
    expected = {
        "parameters": repr(parameters),
        "scikit_learn_version": sklearn.__version__,
        "library_version": _library_version(),
    }
    if training is not None:
        expected["training_fingerprint"] = fingerprint(training)
    for name, value in expected.items():
        if row[name] != value:
            raise ModelMismatchError(
                f"The kept model has {name} {row[name]}, and here it is {value}. Run a full build, which fits the model anew."
            )


def _read(row: dict[str, Any]) -> uplift.FoldModel:
    kept = bytes(row["model"])
    if hashlib.sha256(kept).hexdigest() != row["model_sha256"]:
        raise ModelMismatchError(
            f"The kept model of fold {row['fold']} is damaged: its {len(kept):,} bytes are not those that were written. Run a "
            "full build."
        )
    try:
        model = skops.io.loads(kept, trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise ModelMismatchError(
            f"The kept model of fold {row['fold']} holds types that are not trusted, and was not loaded: {error}. Find out who "
            "wrote it; a full build replaces it."
        ) from error
    unsound = sum(not forest.is_sound() for forest in _forests(model))
    if unsound:
        raise ModelMismatchError(
            f"The kept model of fold {row['fold']} is damaged: {unsound} forests lead out of their trees. Run a full build."
        )
    return model


def _forests(model: uplift.FoldModel) -> Iterator[uplift.Forest]:
    yield from (forest for half in model.forests for forest in half)
    yield from model.raw_trees
    for lifts in model.lifts.values():
        for lift in lifts:
            yield from vars(lift).values()
