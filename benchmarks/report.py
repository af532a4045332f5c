"""What a benchmark prints: a name, a figure, and what there is to know about it."""


def title(text: str) -> None:
    print(f"\n{text}", flush=True)


def line(name: str, figure: str, note: str = "") -> None:
    print(f"  {name:<46} {figure:>18}  {note}".rstrip(), flush=True)


def check(holds: bool, what: str) -> None:
    print(f"  {'as it should be' if holds else 'WRONG'}: {what}", flush=True)


def ms(seconds: float, unit: str = "ms") -> str:
    return f"{seconds * 1000:,.2f} {unit}" if seconds < 0.01 else f"{seconds * 1000:,.1f} {unit}"
