"""What every plugin of a kind must do, as test classes to subclass. Needs pytest-asyncio.

    class TestPager(HttpNotifierContract):
        def notifier(self, context, url):
            return Pager(PagerParams(url=url, token=Secret("s3cr3t-token")), context)

Give parameters that hold recognisable secrets: the contract looks for them in all that the
plugin says.
"""

from sentinel.testing.detector_contract import DetectorContract
from sentinel.testing.notifier_contract import HttpNotifierContract, NotifierContract
from sentinel.testing.probe_contract import HttpProbeContract, ProbeContract
from sentinel.testing.ranker_contract import RankerContract

__all__ = [
    "DetectorContract",
    "HttpNotifierContract",
    "HttpProbeContract",
    "NotifierContract",
    "ProbeContract",
    "RankerContract",
]
