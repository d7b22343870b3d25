"""Plots as SVG files, written by hand: lines, stacked bars, horizontal bars."""
import math

COLOURS = ["#2563a8", "#c4501b", "#2c8a4b", "#8a4bb0", "#b08a1e", "#4a9aa5", "#9a3b52", "#6b6b6b"]
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 74, 190, 48, 56


class Svg:
    def __init__(self, title, width=WIDTH, height=HEIGHT):
        self.width, self.height = width, height
        self.parts = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
        self.text(16, 26, title, size=16, weight="bold")

    def text(self, x, y, text, size=12, anchor="start", colour="#222222", weight="normal", turn=None):
        text = str(text).replace("&", "&amp;").replace("<", "&lt;")
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn is not None else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'fill="{colour}" font-weight="{weight}"{turned}>{text}</text>')

    def line(self, x1, y1, x2, y2, colour="#dddddd", width=1.0, dash=None):
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def rect(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
                          f'height="{max(height, 0):.1f}" fill="{colour}"/>')

    def path(self, points, colour, dash=None):
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>')
        for x, y in points:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')

    def write(self, path):
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
                        f'height="{self.height}" viewBox="0 0 {self.width} {self.height}" '
                        f'font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
                        + "\n".join(self.parts) + "\n</svg>\n")


def short(value):
    for unit, scale in (("M", 1e6), ("k", 1e3)):
        if value >= scale:
            return f"{value / scale:g}{unit}"
    return f"{value:g}"


class Axis:
    """Values to pixels, in equal steps or powers of ten, from a round value to another."""

    def __init__(self, values, start, end, log):
        self.start, self.end, self.log = start, end, log
        low, high = min(values), max(values)
        if log:
            self.low, self.high = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
            self.high = max(self.high, self.low + 1)
            self.ticks = [10.0 ** e for e in range(self.low, self.high + 1)]
        else:
            step = 10 ** math.floor(math.log10(high or 1))
            step *= next(m for m in (.1, .2, .25, .5, 1, 2) if high / (step * m) <= 6)
            self.low, self.high = 0, math.ceil(high / step - 1e-9) * step
            self.ticks = [step * i for i in range(int(round(self.high / step)) + 1)]

    def __call__(self, value):
        value = math.log10(value) if self.log else value
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def frame(svg, x, y, x_label, y_label):
    for tick in y.ticks:
        svg.line(LEFT, y(tick), WIDTH - RIGHT, y(tick))
        svg.text(LEFT - 8, y(tick) + 4, short(tick), anchor="end")
    for tick in x.ticks if x else []:
        svg.line(x(tick), TOP, x(tick), HEIGHT - BOTTOM, "#eeeeee")
        svg.text(x(tick), HEIGHT - BOTTOM + 18, short(tick), anchor="middle")
    svg.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#444444")
    svg.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_label, anchor="middle")
    svg.text(18, (TOP + HEIGHT - BOTTOM) / 2, y_label, anchor="middle", turn=-90)


def key(svg, names, dashes=None):
    for i, name in enumerate(names):
        y = TOP + 10 + 20 * i
        svg.line(WIDTH - RIGHT + 14, y, WIDTH - RIGHT + 36, y, COLOURS[i % len(COLOURS)], 3,
                 (dashes or {}).get(name))
        svg.text(WIDTH - RIGHT + 42, y + 4, name)


def lines(path, title, x_label, y_label, series, log_x=False, log_y=False, dashes=None):
    """`series`: {name: [(x, y), …]}."""
    svg = Svg(title)
    x = Axis([p[0] for points in series.values() for p in points], LEFT, WIDTH - RIGHT, log_x)
    y = Axis([p[1] for points in series.values() for p in points], HEIGHT - BOTTOM, TOP, log_y)
    frame(svg, x, y, x_label, y_label)
    for i, (name, points) in enumerate(series.items()):
        svg.path([(x(a), y(b)) for a, b in points], COLOURS[i % len(COLOURS)], (dashes or {}).get(name))
    key(svg, series, dashes)
    svg.write(path)


def stacks(path, title, x_label, y_label, bars):
    """`bars`: {label: {part: value}}, every bar with the same parts."""
    svg = Svg(title)
    y = Axis([0, max(sum(parts.values()) for parts in bars.values())], HEIGHT - BOTTOM, TOP, False)
    frame(svg, None, y, x_label, y_label)
    step = (WIDTH - RIGHT - LEFT) / len(bars)
    for i, (label, parts) in enumerate(bars.items()):
        at, below = LEFT + step * (i + 0.2), 0.0
        for k, value in enumerate(parts.values()):
            svg.rect(at, y(below + value), step * 0.6, y(below) - y(below + value), COLOURS[k])
            below += value
        svg.text(at + step * 0.3, y(below) - 5, f"{below:.3g}", anchor="middle", size=11)
        svg.text(at + step * 0.3, HEIGHT - BOTTOM + 18, label, anchor="middle")
    key(svg, next(iter(bars.values())))
    svg.write(path)


def bars(path, title, x_label, values):
    """`values`: {label: value}, on a logarithmic scale; the first stands out."""
    left, height = 290, TOP + 30 * len(values) + 52
    svg = Svg(title, WIDTH, height)
    x = Axis([min(values.values()) / 2, *values.values()], left, WIDTH - 90, True)
    for tick in x.ticks:
        svg.line(x(tick), TOP, x(tick), height - 48)
        svg.text(x(tick), height - 30, short(tick), anchor="middle")
    for i, (label, value) in enumerate(values.items()):
        y = TOP + 6 + 30 * i
        svg.rect(left, y, x(value) - left, 18, COLOURS[1] if i == 0 else COLOURS[0])
        svg.text(left - 8, y + 14, label, anchor="end", weight="bold" if i == 0 else "normal")
        svg.text(x(value) + 6, y + 14, f"{value:.3g}")
    svg.text((left + WIDTH - 90) / 2, height - 10, x_label, anchor="middle")
    svg.write(path)
