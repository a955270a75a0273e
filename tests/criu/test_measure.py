from pathlib import Path

from tests.criu.memories import PAGE, SHARED, archive, area, mapped, memories, page, process
from tui.criu.measure import Measure
from tui.criu.memory import Sizes

BASE = 0x10000


def test_shared_memory_is_measured_up_to_a_limit_and_the_same_part_once(tmp_path: Path) -> None:
    places = [BASE + number * 16 * PAGE for number in range(6)]
    areas = [area(at, 8, SHARED, shmid=5) for at in places[:5]]
    areas.append(area(places[5], 2, SHARED, shmid=5, pgoff=2 * PAGE))
    files = process(7, [*areas, area(BASE + 200 * PAGE, 1)], {BASE + 200 * PAGE: page()})
    content = {number * PAGE: page() for number in range(8)}
    files["pagemap-shmem-5"], files["pages-5"] = mapped(5, content, splits=list(content))
    with memories(archive(tmp_path, files)) as found:
        (memory,) = found.processes
        measure = Measure(left=9)
        sizes = [measure.sizes(memory, vma) for vma in memory.vmas]
        assert sizes[:5] == [Sizes(stored=8 * PAGE)] * 5
        assert sizes[5:] == [None, Sizes(stored=PAGE)]
        assert measure.sizes(found.objects[0], found.objects[0].vmas[0]) == sizes[0]
        exact = Measure(left=12)
        assert [exact.sizes(memory, vma) for vma in memory.vmas] == [
            memory.sizes(vma) for vma in memory.vmas
        ]
