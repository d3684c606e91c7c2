"""The thresholds that a scan uses: the controls' defaults, unless the estate's policy sets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.errors import ConfigError
from scanner.model.control import Basis, Control, Parameter
from scanner.model.ids import Json
from scanner.model.verdict import ThresholdUse


def threshold_uses(control: Control, policy: Mapping[str, Json]) -> tuple[ThresholdUse, ...]:
    """Return the thresholds of one control. Raises ConfigError when the policy gives one another type."""
    return tuple(_use(parameter, policy) for parameter in control.parameters)


def _use(parameter: Parameter, policy: Mapping[str, Json]) -> ThresholdUse:
    value = policy.get(parameter.name, parameter.default)
    if kind(value) != kind(parameter.default):
        raise ConfigError(
            f"policy: {parameter.name} must be {kind(parameter.default)}, not {kind(value)}",
            hint=f"the default is {parameter.default} {parameter.unit}".strip(),
        )
    overridden = parameter.name in policy and value != parameter.default
    return ThresholdUse(
        name=parameter.name,
        value=value,
        default=parameter.default,
        unit=parameter.unit,
        basis=Basis.POLICY if overridden else parameter.basis,
        default_basis=parameter.basis,
        source=parameter.source,
        overridden=overridden,
    )


def kind(value: Json) -> str:
    """Return the type of a threshold in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "a list of text"
    return "something else"


def parameter_values(uses: Iterable[ThresholdUse]) -> dict[str, Json]:
    """Return the values by name. Raises ConfigError when two controls give one name two meanings."""
    values: dict[str, Json] = {}
    for use in uses:
        if use.name in values and values[use.name] != use.value:
            raise ConfigError(
                f"the parameter {use.name} has two defaults: {values[use.name]} and {use.value}",
                hint="a parameter means the same in every control; give one of them another name",
            )
        values[use.name] = use.value
    return values
