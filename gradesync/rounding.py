"""One rounding, half up, and the same number however often it is made. PURE.

Binary floats never come in: 89.995 is 90.00 here and in a person's head (F55).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

# Wide enough for any score a person can type; `quantize` refuses what does not fit its context.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def rounded(number: Decimal, places: int) -> Decimal:
    """Half up (away from zero) at `places`, without zeros at the end and never as -0.

    Raises:
        decimal.InvalidOperation: not a finite number, or one of more than 55 digits.
    """
    if number.is_nan():
        raise InvalidOperation(f"{number} is no number")
    settled = number.quantize(Decimal(1).scaleb(-places), context=_EXACT).normalize(_EXACT)
    # 1E+2 is 100 to a database and to a reader.
    whole = settled.quantize(Decimal(1), context=_EXACT) if _has_exponent(settled) else settled
    return whole if whole else Decimal(0)


def percent(score: Decimal, maximum: Decimal) -> Decimal:
    """The share of `maximum` in percent, not rounded: one rounding comes after."""
    return _EXACT.divide(_EXACT.multiply(score, Decimal(100)), maximum)


def _has_exponent(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent > 0
