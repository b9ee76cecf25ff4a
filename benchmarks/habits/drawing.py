"""Habits of figures and of a notebook's running: styles, magics, progress bars, preambles, cells that failed first."""

from __future__ import annotations

import ast
import re
from functools import partial
from random import Random

from habits.code import after_imports, code_cell, first_code, replace, statements, text_of, trainings
from habits.page import Cell, Page
from habits.registry import Step, add_habit, habit


def _added(page: Page, _: Random, *, code: str, place: str) -> bool:
    """Adds a code cell at the top, or behind the imports."""
    if place == "top":
        page.add(code_cell(code), before=page.cells[0])
    else:
        page.add(code_cell(code), behind=after_imports(page))
    return True


for _name, _family, _place, _code, _words in (
    (
        "style_ggplot",
        "figure style",
        "",
        "import matplotlib.pyplot as plt\nplt.style.use('ggplot')",
        "Figures are in ggplot's style.",
    ),
    (
        "style_dark",
        "figure style",
        "",
        "import matplotlib.pyplot as plt\nplt.style.use('dark_background')",
        "Figures are dark.",
    ),
    (
        "style_seaborn",
        "figure style",
        "",
        "import seaborn as sns\nsns.set_theme(style='whitegrid')",
        "Figures are in seaborn's style.",
    ),
    (
        "style_parameters",
        "figure style",
        "",
        (
            "import matplotlib.pyplot as plt\n"
            "plt.rcParams.update({'figure.figsize': (5, 3), 'axes.grid': True, 'font.size': 9})"
        ),
        "Figures have a size and a font of their own.",
    ),
    ("magic_inline", "magics", "top", "%matplotlib inline", "Figures are drawn inline by a magic."),
    (
        "magic_retina",
        "magics",
        "top",
        "%config InlineBackend.figure_format = 'retina'",
        "Figures are sharp by a magic.",
    ),
    ("magic_autoreload", "magics", "top", "%load_ext autoreload\n%autoreload 2", "Modules are loaded anew by a magic."),
    ("magic_timeit", "magics", "", "%timeit -n 1 -r 1 sum(range(1000))", "Something is timed by a magic."),
    (
        "pip_quiet",
        "installation",
        "top",
        "!pip install -q tensorflow seaborn scikit-learn",
        "Packages are installed quietly.",
    ),
    (
        "pip_magic",
        "installation",
        "top",
        "%pip install --upgrade keras matplotlib",
        "Packages are installed by a magic.",
    ),
    (
        "pip_many",
        "installation",
        "top",
        "!pip install numpy\n!pip install pandas > /dev/null",
        "Packages are installed one by one.",
    ),
    (
        "colab_guarded",
        "preamble",
        "top",
        (
            "try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False\n"
            "print('Colab:', IN_COLAB)"
        ),
        "The notebook asks whether it runs in Colab.",
    ),
    (
        "drive_guarded",
        "preamble",
        "top",
        (
            "import sys\nif 'google.colab' in sys.modules:\n    from google.colab import drive\n"
            "    drive.mount('/content/drive')"
        ),
        "A drive is mounted where there is one.",
    ),
    (
        "gpu_guarded",
        "preamble",
        "",
        (
            "import tensorflow as tf\ngpus = tf.config.list_physical_devices('GPU')\nfor gpu in gpus:\n"
            "    tf.config.experimental.set_memory_growth(gpu, True)\nprint('GPUs:', len(gpus))"
        ),
        "Graphics cards are set up where there are any.",
    ),
    (
        "versions_printed",
        "preamble",
        "",
        "import keras\nimport numpy\nprint(keras.__version__, numpy.__version__)",
        "Versions are printed.",
    ),
    (
        "warnings_off",
        "preamble",
        "top",
        "import warnings\nwarnings.filterwarnings('ignore')",
        "Warnings are turned off.",
    ),
    (
        "log_level",
        "preamble",
        "top",
        "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nos.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'",
        "TensorFlow is told to be quiet.",
    ),
    ("seeded", "seed", "", "import keras\nkeras.utils.set_random_seed(42)", "Random numbers are seeded."),
    (
        "seeded_one_by_one",
        "seed",
        "",
        (
            "import random\nimport numpy as np\nimport tensorflow as tf\nrandom.seed(7)\nnp.random.seed(7)\n"
            "tf.random.set_seed(7)"
        ),
        "Random numbers are seeded package by package.",
    ),
):
    add_habit(
        _name,
        partial(_added, code=_code, place=_place),
        family=_family,
        step=Step.LINES,
        needs_run=True,
        text=_words,
    )


def _before_shows(page: Page, _: Random, *, line: str, instead: bool = False) -> bool:
    pattern = re.compile(r"^(?P<indent>[ \t]*)plt\.show\(\)[ \t]*$", re.MULTILINE)
    found = False
    for number, cell in enumerate(page.code_cells()):
        text = line.format(number=number)
        new, count = pattern.subn(rf"\g<indent>{text}" + ("" if instead else r"\n\g<indent>plt.show()"), cell.code)
        if count:
            cell.code, found = new, True
    return found


for _name, _line, _instead, _words in (
    ("figures_saved", "plt.savefig('figure{number}.png')", False, "Figures are saved as well."),
    ("figures_tight", "plt.tight_layout()", False, "Figures are laid out tightly."),
    ("figures_with_grid", "plt.grid(True)", False, "Figures have a grid."),
    ("figures_closed", "plt.show(); plt.close('all')", True, "Figures are closed when they were shown."),
    ("figures_not_blocking", "plt.show(block=False)", True, "Figures are shown without waiting."),
):
    add_habit(
        _name,
        partial(_before_shows, line=_line, instead=_instead),
        family="figure lines",
        step=Step.LINES,
        needs_run=True,
        text=_words,
    )


@habit("figure lines", Step.LINES, needs_run=True)
def figures_not_shown(page: Page, _: Random) -> bool:
    """Nothing shows figures where a cell draws one alone: they appear by themselves."""
    found = False
    for cell in page.code_cells():
        if cell.code.count("plt.show()") == 1 and cell.code.rstrip().endswith("\nplt.show()"):
            cell.code, found = cell.code.rstrip().removesuffix("\nplt.show()") + ";", True
    return found


@habit("figure lines", Step.LINES, needs_run=True)
def figures_on_subplots(page: Page, _: Random) -> bool:
    """Curves are drawn by methods of axes that ``plt.subplots`` made."""
    found = False
    for cell in page.code_cells():
        own = re.search(r"plt\.(?:figure|subplots|subplot|imshow|matshow)|\.plot\(\)|sns\.|ax", cell.code)
        if own or cell.code.count("plt.show()") != 1 or not re.search(r"^plt\.plot\(", cell.code, re.MULTILINE):
            continue
        code = re.sub(r"\bplt\.(plot|scatter|legend|contourf)\(", r"axes.\1(", cell.code)
        code = re.sub(r"\bplt\.(title|xlabel|ylabel)\(", r"axes.set_\1(", code)
        cell.code, found = f"figure, axes = plt.subplots(figsize=(6, 4))\n{code}", True
    return found


def _verbose(page: Page, _: Random, *, value: str) -> bool:
    found = False
    for training in reversed(list(trainings(page))):
        given = next((item.value for item in training.call.keywords if item.arg == "verbose"), None)
        if given is not None:
            replace(training.cell, given, value)
        elif training.call.keywords:
            last = training.call.keywords[-1].value
            replace(training.cell, last, f"{text_of(training.cell, last)}, verbose={value}")
        found = True
    return found


for _value, _words in (
    ("0", "nothing"),
    ("1", "a progress bar"),
    ("2", "a line an epoch"),
    ('"auto"', "what Keras likes"),
):
    add_habit(
        f"verbose_{_value.strip(chr(34))}",
        partial(_verbose, value=_value),
        family="progress",
        step=Step.LINES,
        needs_run=True,
        text=f"Training prints {_words}.",
    )


def _with_tqdm(page: Page, _: Random, *, module: str) -> bool:
    found = False
    for cell in page.code_cells():
        loops = [node for item in statements(cell) for node in ast.walk(item) if isinstance(node, ast.For)]
        for node in sorted(loops, key=lambda node: node.iter.lineno, reverse=True) if cell.is_plain else ():
            replace(cell, node.iter, f"tqdm({text_of(cell, node.iter)})")
            found = True
    if found:
        page.add(code_cell(f"from {module} import tqdm"), before=first_code(page))
    return found


for _name, _module in (("tqdm_loops", "tqdm"), ("tqdm_auto_loops", "tqdm.auto")):
    add_habit(
        _name,
        partial(_with_tqdm, module=_module),
        family="progress",
        step=Step.LINES,
        needs_run=True,
        text=f"Loops show a progress bar of {_module}.",
    )


@habit("timed cells", Step.FILE, needs_run=True)
def timed_cells(page: Page, _: Random) -> bool:
    """Cells that train are timed by a magic of the cell."""
    cells = {id(training.cell): training.cell for training in trainings(page)}
    for cell in cells.values():
        cell.code = f"%%time\n{cell.code}"
    return bool(cells)


@habit("timed cells", Step.FILE, needs_run=True)
def timed_lines(page: Page, _: Random) -> bool:
    """Trainings on one line are timed by a magic of the line."""
    found = False
    for training in reversed(list(trainings(page))):
        text = text_of(training.cell, training.statement)
        if "\n" not in text:
            replace(training.cell, training.statement, f"%time {text}")
            found = True
    return found


@habit("timed cells", Step.FILE, needs_run=True)
def timed_by_hand(page: Page, _: Random) -> bool:
    """Trainings are timed by the clock."""
    found = False
    for training in reversed(list(trainings(page))):
        text = text_of(training.cell, training.statement)
        timed = f"start_time = time.time()\n{text}\nprint('took', time.time() - start_time, 's')"
        replace(training.cell, training.statement, timed)
        found = True
    first = first_code(page)
    first.code = f"import time\n{first.code}"
    return found


def _failed_first(page: Page, random: Random, *, misspelt: str) -> bool:
    """Puts a cell that raises in front of the one in which that was corrected."""
    places = list[tuple[Cell, str]]()
    for cell in page.code_cells():
        body = statements(cell) if cell.is_plain and cell.section else []
        first = body[0] if body else None
        value = getattr(first, "value", None)
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and isinstance(value.func.value, ast.Name)
        ):
            name, method = value.func.value.id, value.func.attr
            whole = text_of(cell, first)  # type: ignore[arg-type]
            wrong = whole.replace(f"{name}.{method}", misspelt.format(name=name, method=method), 1)
            places.append((cell, wrong if misspelt else f"assert 1 == 2, 'not yet'\n{whole}"))
    if not places:
        return False
    cell, code = random.choice(places)
    failed = code_cell(code, cell.section)
    failed.metadata["tags"] = ["raises-exception"]
    page.add(failed, before=cell)
    return True


for _name, _misspelt, _words in (
    ("failed_name", "{name}_.{method}", "A cell with a misspelt variable stands in front of its correction."),
    ("failed_method", "{name}.{method}s_", "A cell with a misspelt method stands in front of its correction."),
    (
        "failed_assertion",
        "",
        "A cell with a failed assertion stands in front of its correction.",
    ),
):
    add_habit(
        _name,
        partial(_failed_first, misspelt=_misspelt),
        family="failed cells",
        step=Step.CELLS,
        needs_run=True,
        text=_words,
    )
