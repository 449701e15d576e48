"""The stepper on its saved page, in Chromium: clicked and keyed through, and read off the screen."""

import pytest

from tinygrad_edu import Value, cos, exp, sigmoid, stepper

expect = pytest.importorskip("playwright.sync_api", reason="Playwright comes with the extra `browser`").expect

# What the picture of f = (x + y) z shows at each step, as value|gradient: ? and · stand where nothing is known yet.
WALK = [
    # x       y       q       z       f
    ("-2|·", "5|·", "?|·", "-4|·", "?|·"),
    ("-2|·", "5|·", "3|·", "-4|·", "?|·"),
    ("-2|·", "5|·", "3|·", "-4|·", "-12|·"),
    ("-2|·", "5|·", "3|·", "-4|·", "-12|1"),
    ("-2|·", "5|·", "3|-4", "-4|·", "-12|1"),
    ("-2|·", "5|·", "3|-4", "-4|3", "-12|1"),
    ("-2|-4", "5|·", "3|-4", "-4|3", "-12|1"),
    ("-2|-4", "5|-4", "3|-4", "-4|3", "-12|1"),
]
# Of each step the equation in numbers, its signs included.
EQUATIONS = [
    "",
    "-2 + 5 = 3",
    "3 × -4 = -12",
    "1",
    "1 × -4 = -4",
    "1 × 3 = 3",
    "-4 × 1 = -4",
    "-4 × 1 = -4",
]
# The one part of the picture that is the gate in hand, by its place in the order of the forward pass.
CURRENT = [[], ["g2"], ["g4"], [], ["g4"], ["g4"], ["g2"], ["g2"]]


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


class Screen:
    """One stepper on a page: what it shows, and its controls."""

    def __init__(self, root):
        self.root = root
        self.sentence, self.count, self.slider = map(root.locator, (".sentence", ".count", "input[type=range]"))
        self.guess, self.feedback = root.get_by_label("Your number"), root.locator(".feedback")

    def click(self, action):
        self.root.locator(f"[data-action={action}]").click()

    def press(self, key):
        self.root.press(key)

    def numbers(self):
        """value|gradient of each value in the picture, in the order of the forward pass, as far as one can see it."""
        return self.root.locator("svg g.value").evaluate_all(
            """values => values.map(value => ["data", "grad"].map(kind => {
                const text = value.querySelector("text." + kind);
                const seen = text.checkVisibility({ opacityProperty: true, visibilityProperty: true });
                return seen ? text.textContent : "hidden";
            }).join("|"))"""
        )

    def equation(self):
        return " ".join(filter(None, self.root.locator(".equation .number").all_inner_texts()))

    def current(self):
        return self.root.locator("svg .current").evaluate_all("parts => parts.map(part => part.id)")

    def shows(self, step):
        """Whether all there is to see is that of one step; waits for the count only."""
        expect(self.count).to_have_text(f"{step + 1} / {len(WALK)}")
        assert tuple(self.numbers()) == WALK[step]
        assert self.equation() == EQUATIONS[step]
        assert self.current() == CURRENT[step]


@pytest.fixture
def open_stepper(open_page, tmp_path):
    """A function that saves the stepper of a graph and opens the page."""

    def open_stepper(output, **options):
        page = open_page(stepper(output).save(tmp_path / "page.html").as_uri(), **options)
        return Screen(page.locator(".stepper"))

    return open_stepper


# ---------------- moving


def test_click_through_all_steps_and_back(open_stepper):
    screen = open_stepper(product())
    screen.shows(0)
    for step in range(1, 8):
        screen.click("next")
        screen.shows(step)
    expect(screen.root.locator("[data-action=next]")).to_be_disabled()
    for step in reversed(range(7)):
        screen.click("previous")
        screen.shows(step)
    expect(screen.root.locator("[data-action=previous]")).to_be_disabled()


def test_key_through_all_steps_and_back(open_stepper):
    screen = open_stepper(product())
    for step in range(1, 8):
        screen.press("ArrowRight")
        screen.shows(step)
    for step in reversed(range(7)):
        screen.press("ArrowLeft")
        screen.shows(step)
    screen.press("End")
    screen.shows(7)
    screen.press("Home")
    screen.shows(0)


def low():
    """A graph whose picture is hardly higher than the product that stands beside a wire."""
    t = Value(1, "t")
    x, y = cos(t).named("x"), (t**2).named("y")
    return (y + exp(x * y)).named("f")


@pytest.mark.parametrize(("graph", "forward", "backward"), [(product, 3, 4), (low, 6, 7)])
def test_the_product_beside_a_wire_covers_neither_the_wire_nor_a_gate_nor_a_value(
    open_stepper, graph, forward, backward
):
    screen = open_stepper(graph(), viewport={"width": 860, "height": 620})
    for _ in range(forward):
        screen.click("next")
    for _ in range(backward):
        screen.click("next")
        covered = screen.root.locator(".picture svg").evaluate(
            """svg => {
                const card = svg.querySelector(".product .card").getBBox();
                const meets = ({ x, y, width, height }) =>
                    x < card.x + card.width && card.x < x + width && y < card.y + card.height && card.y < y + height;
                const wire = svg.querySelector(".edge.lit[id^=w] path");
                const boxes = [...svg.querySelectorAll("g.node")].map(node => node.getBBox());
                for (let part = 0; part <= 1; part += 0.125) {
                    const { x, y } = wire.getPointAtLength(wire.getTotalLength() * part);
                    boxes.push({ x, y, width: 0, height: 0 });
                }
                return boxes.filter(meets).length;
            }"""
        )
        assert covered == 0


def test_the_tab_key_reaches_every_control_that_is_of_use(open_stepper):
    screen = open_stepper(product())
    screen.click("next")  # so that there is a way back, too
    screen.root.focus()
    reached = []
    for _ in range(12):
        screen.root.page.keyboard.press("Tab")
        reached.append(
            screen.root.page.evaluate("document.activeElement.dataset.action ?? document.activeElement.type")
        )
    for control in ("first", "previous", "play", "next", "last", "range", "predict", "check"):
        assert control in reached


def test_the_sentence_is_announced_and_says_the_product(open_stepper):
    screen = open_stepper(product())
    screen.click("last")
    expect(screen.root.get_by_role("status").first).to_contain_text(
        "Backward through +: upstream -4 × local 1 gives downstream -4 for y"
    )


def test_the_slider_and_the_ends(open_stepper):
    screen = open_stepper(product())
    for step in (5, 2, 7, 0):
        screen.slider.fill(str(step))
        screen.shows(step)
    screen.click("last")
    screen.shows(7)
    screen.click("first")
    screen.shows(0)


def test_play_goes_to_the_end_and_can_be_paused(open_stepper):
    screen = open_stepper(product())
    play = screen.root.locator("[data-action=play]")
    screen.root.page.clock.install()
    play.click()
    expect(play).to_have_text("Pause")
    screen.root.page.clock.run_for(4_000)
    play.click()
    before = screen.count.inner_text()
    assert before not in ("1 / 8", "8 / 8")
    screen.root.page.clock.run_for(60_000)
    expect(screen.count).to_have_text(before)
    play.click()
    screen.root.page.clock.run_for(60_000)
    screen.shows(7)
    expect(play).to_have_text("Play")


@pytest.mark.parametrize(("part", "step"), [("v2", 1), ("v4", 2), ("g4", 2), ("v0", 0)])
def test_a_click_on_a_part_goes_to_where_it_is_computed(open_stepper, part, step):
    screen = open_stepper(product())
    screen.root.locator(f"#{part} text").first.click()
    screen.shows(step)


def test_in_the_backward_pass_a_click_goes_to_where_the_gradient_is_complete(open_stepper):
    screen = open_stepper(product())
    screen.click("last")
    screen.root.locator("#v2 text").first.click()
    screen.shows(4)


def test_the_picture_does_not_move_from_step_to_step(open_stepper):
    screen = open_stepper(product())
    places = "parts => parts.map(part => part.getAttribute('transform') ?? part.getAttribute('d'))"
    top = "element => element.getBoundingClientRect().top"
    seen = set()
    for _ in WALK:
        nodes = screen.root.locator("svg g.gate path, svg g.gate ellipse").evaluate_all(places)
        seen.add((str(nodes), screen.root.locator(".picture svg").evaluate(top)))
        screen.press("ArrowRight")
    assert len(seen) == 1


@pytest.mark.parametrize(("label", "width"), [("x", 360), ("the learning rate", 700), (40 * "x", 1280)])
def test_no_sum_or_long_label_moves_the_picture_or_widens_the_page(open_stepper, label, width):
    x = Value(2, label)
    screen = open_stepper((x * x + x).named("f"), viewport={"width": width, "height": 1600})
    screen.click("check")
    top = "element => element.getBoundingClientRect().top"
    tops = set()
    for step in range(8):
        expect(screen.count).to_have_text(f"{step + 1} / 8")
        tops.add(screen.root.locator(".picture").evaluate(top))
        screen.press("ArrowRight")
    assert len(tops) == 1
    assert screen.root.page.evaluate("document.documentElement.scrollWidth") <= width


# ---------------- thinking


def test_predict_hides_the_number_until_the_right_one_is_given(open_stepper):
    screen = open_stepper(product())
    screen.slider.fill("5")
    screen.click("predict")
    screen.click("next")  # upstream -4 × local 1, for x
    expect(screen.count).to_have_text("7 / 8")
    assert screen.equation() == "-4 × 1 = ?"
    assert tuple(screen.numbers()) == WALK[5]
    expect(screen.sentence).to_contain_text("What goes downstream to x?")
    screen.guess.fill("1")  # without the upstream
    screen.guess.press("Enter")
    expect(screen.feedback).to_contain_text("Not yet")
    assert tuple(screen.numbers()) == WALK[5]
    screen.guess.fill("-4")
    screen.guess.press("Enter")
    expect(screen.feedback).to_contain_text("Right: -4")
    screen.shows(6)


def test_predict_can_be_given_up(open_stepper):
    screen = open_stepper(product())
    screen.click("predict")
    screen.click("next")
    assert tuple(screen.numbers()) == WALK[0]
    screen.guess.fill("three")
    screen.guess.press("Enter")
    expect(screen.feedback).to_contain_text("number")
    screen.click("reveal")
    screen.shows(1)


def test_a_gradient_is_checked_by_a_difference(open_stepper):
    """f(x ± h) = (-2 ± h + 5) (-4) = -12 ∓ 4 h: the difference is -4 whatever h is."""
    screen = open_stepper(product())
    screen.root.locator("select").select_option(label="x")
    screen.click("check")
    report = screen.root.locator(".difference")
    expect(report).to_contain_text("chain rule")
    rows = dict(zip(report.locator("dt").all_inner_texts(), report.locator("dd").all_inner_texts(), strict=True))
    assert [float(row) for term, row in rows.items() if term.startswith(("chain rule", "finite"))] == [-4.0, -4.0]


def test_what_adds_up_is_shown_as_a_sum(open_stepper):
    """Of f = a b + (b + c), b receives a = 2 from the product and 1 from the sum, in either order."""
    a, b, c = Value(2, "a"), Value(-1, "b"), Value(4, "c")
    screen = open_stepper((a * b + (b + c)).named("f"))
    sums = []
    for _ in range(10):
        screen.press("ArrowRight")
        sums.append(" ".join(screen.root.locator(".addition .number").all_inner_texts()))
    assert [line for line in sums if line] in (["0 + 2 = 2", "2 + 1 = 3"], ["0 + 1 = 1", "1 + 2 = 3"])


def test_a_slope_of_almost_zero_is_pointed_out(open_stepper):
    """σ'(12) = σ(12) σ(-12) = 6.1e-6."""
    screen = open_stepper(sigmoid(Value(12, "x")).named("f"))
    screen.click("last")
    expect(screen.root.locator(".note")).to_contain_text("6.1e-06")


# ---------------- everywhere


def test_two_steppers_on_one_page_know_nothing_of_each_other(open_page, tmp_path):
    x = Value(3, "x")
    both = stepper(product()).html + stepper((x * x).named("s")).html
    (tmp_path / "two.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{both}", encoding="utf-8")
    page = open_page((tmp_path / "two.html").as_uri())
    first, second = Screen(page.locator(".stepper").nth(0)), Screen(page.locator(".stepper").nth(1))
    first.click("next")
    second.press("End")
    first.shows(1)
    assert second.numbers() == ["3|6", "9|1"]
    second.root.locator("#v0 text").first.click()
    first.press("ArrowRight")
    first.shows(2)
    assert second.numbers() == ["3|6", "9|1"]


def test_a_live_stepper_is_left_alone_by_the_script_of_another(open_stepper):
    page = open_stepper(product()).root.page
    live = stepper(product()).live()
    state = {name: getattr(live, name) for name in ("fragment", "walk", "inputs", "moved", "trouble")}
    script = stepper(product()).html.rpartition("<script>")[2].removesuffix("</script>")
    page.evaluate(
        """async ([source, state, script]) => {
            const widget = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
            const el = document.createElement("div");
            document.body.append(el);
            widget.default.render({ model: { get: (name) => state[name], on() {} }, el });
            const another = document.createElement("script");
            another.textContent = script;
            document.body.append(another);
        }""",
        [live._esm, state, script],
    )
    page.wait_for_timeout(300)  # in which a mistake would be told to the console
    assert page.locator(".stepper .picture svg").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper_by_day_and_by_night(open_stepper, contrast, scheme):
    screen = open_stepper(product(), color_scheme=scheme)
    screen.click("last")
    for words in (".sentence", ".count", ".equation .number >> nth=0", "[data-action=play]", "[data-action=predict]"):
        assert contrast(screen.root.locator(words)) >= 4.5
    paper = screen.root.evaluate("element => getComputedStyle(element).backgroundColor")
    assert (sum(map(int, paper.strip("rgb()").split(", ")[:3])) < 300) == (scheme == "dark")


def test_on_a_phone_nothing_but_the_picture_is_wider_than_the_screen(open_stepper):
    screen = open_stepper(product(), viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for step in range(8):
        screen.shows(step)
        page = screen.root.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        for button in screen.root.locator("button:visible").all():
            box = button.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
        if step < 7:
            screen.root.locator("[data-action=next]").tap()


HOSTILE = [
    "<img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    "</style><svg onload=document.title='owned'>",
    "\"'`${document.title='owned'}&lt;b&gt;",
]


def test_labels_are_shown_as_text_and_never_run(open_stepper):
    a, b, c, d = [Value(1, label) for label in HOSTILE]
    screen = open_stepper((a * b * c * d).named("f"))
    title = screen.root.page.title()
    screen.click("last")
    screen.root.locator("#v0 text").first.click()
    screen.click("check")
    assert screen.root.page.title() == title == "the graph of f: 7 values"
    assert screen.root.locator("img, svg svg").count() == 0
    for label in HOSTILE:
        assert label[:8] in screen.root.inner_text()


def test_without_javascript_the_picture_is_there(open_stepper):
    screen = open_stepper(product(), java_script_enabled=False)
    picture = screen.root.get_by_role("img", name="the graph of f")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] > 100
    assert screen.root.locator("button").count() == 0
