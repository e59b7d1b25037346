from collections.abc import Callable

from apps.events.work import Work, job
from tests.sample.models import Effect

meanwhile: list[Callable[[Work], None]] = []
"""What a test does while the job `sample.steps` is at its second step."""


@job("sample.steps", title="Three steps", attempts=2)
def steps(work: Work, *, of: str) -> dict[str, int]:
    for step in range(1, 4):
        Effect.objects.create(what=f"step {step}", of=of)
        work.progress(step, 3, f"step {step}")
        if step == 2:
            for deed in meanwhile:
                deed(work)
    return {"steps": 3}


@job("sample.nightly", title="Every night")
def nightly(work: Work) -> None:
    Effect.objects.create(what="night", of=str(work.slot_at))
