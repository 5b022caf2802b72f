"""What a schema can't say of parameters is said in words that tell how to mend it."""

from typing import Any

import msgspec
import pytest

from sentinel.detectors.cardinality import CardinalityParams
from sentinel.detectors.change import ChangeParams
from sentinel.detectors.flatline import FlatlineParams
from sentinel.detectors.frequency import FrequencyParams
from sentinel.detectors.new_term import NewTermParams
from sentinel.detectors.ratio import RatioParams
from sentinel.detectors.slo_burn import SloBurnParams
from sentinel.detectors.spike import SpikeParams
from sentinel.detectors.threshold import ThresholdParams
from sentinel.model.values import to_record

TWICE = "expected `forget_after` to be at least twice the timeframe, which is 4w, found 1w"


@pytest.mark.parametrize(
    ("record", "params", "told"),
    [
        (ThresholdParams, {}, "expected `above` or `below`, found neither"),
        (ThresholdParams, {"above": 1, "over": "0s"}, "expected `over` to be longer than 0s"),
        (RatioParams, {}, "expected `above` or `below`, found neither"),
        (RatioParams, {"above": 0.1, "over": "0s"}, "expected `over` to be longer than 0s"),
        (CardinalityParams, {"field": "user"}, "expected `max` or `min`, found neither"),
        (
            FrequencyParams,
            {"num_events": 1, "timeframe": "0s"},
            "expected `timeframe` to be longer",
        ),
        (FlatlineParams, {"timeframe": "0s"}, "expected `timeframe` to be longer than 0s"),
        (FlatlineParams, {"timeframe": "2w"}, TWICE),
        (SpikeParams, {"spike_height": 3, "timeframe": "2w"}, TWICE),
        (SpikeParams, {"spike_height": 1}, "> 1.0"),
        (ChangeParams, {"compare": []}, "length >= 1"),
        (ChangeParams, {"compare": ["host"], "timeframe": "60d"}, "expected `forget_after`"),
        (NewTermParams, {"field": "host", "terms_window": "1m"}, "expected `terms_window`"),
        (SloBurnParams, {"objective": 100}, "< 100.0"),
        (SloBurnParams, {"objective": 99, "period": "1s"}, "expected `period` to be at least"),
    ],
)
def test_what_is_wrong_is_told(record: type[Any], params: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        to_record(record, params)
    assert told in str(refused.value)
