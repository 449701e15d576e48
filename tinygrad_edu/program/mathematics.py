"""Exponentials, logarithms and their like on vectors, in the operations that every processor has, within 4 ulp.

LLVM would call the C library for one lane at a time. Each function here works on a vector of doubles, or on one.
"""

import math
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

FUSED = ("contract",)  # a product and a sum may be rounded once

double = ir.DoubleType()
integer = ir.IntType(64)


class Splat(ir.Constant):  # type: ignore[misc]
    """One number in every lane, written down once."""

    def _get_reference(self) -> str:
        return f"splat ({self.constant[0]})"


class Mathematics:
    """Writes the functions into a block of LLVM code."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    # ---------------- arithmetic

    def splat(self, x: float, kind: Any) -> Any:
        """The number in every lane."""
        if isinstance(kind, ir.VectorType):
            return Splat(kind, x)
        return ir.Constant(kind, x)

    def _pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        kind = getattr(x, "type", None) or y.type
        x = x if hasattr(x, "type") else self.splat(float(x), kind)
        y = y if hasattr(y, "type") else self.splat(float(y), kind)
        return x, y

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self.builder.fadd(*self._pair(x, y), flags=FUSED)

    def sub(self, x: Any, y: Any) -> Any:
        """x - y."""
        return self.builder.fsub(*self._pair(x, y), flags=FUSED)

    def mul(self, x: Any, y: Any) -> Any:
        """x y."""
        return self.builder.fmul(*self._pair(x, y), flags=FUSED)

    def div(self, x: Any, y: Any) -> Any:
        """x / y."""
        x, y = self._pair(x, y)
        return self.sound(self.builder.fdiv(x, y), y)

    def neg(self, x: Any) -> Any:
        """-x."""
        return self.builder.fneg(x)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """x y + z, rounded once."""
        x, y = self._pair(x, y)
        _, z = self._pair(x, z)
        return self._intrinsic("fma", x, y, z)

    def above(self, x: Any, y: Any) -> Any:
        """Where x > y."""
        return self.builder.fcmp_ordered(">", *self._pair(x, y))

    def select(self, where: Any, x: Any, y: Any) -> Any:
        """x where it holds, y elsewhere."""
        x, y = self._pair(x, y)
        return self.builder.select(where, x, y)

    def _intrinsic(self, name: str, *inputs: Any) -> Any:
        kind = inputs[0].type
        if isinstance(kind, ir.VectorType):
            suffix = f"v{kind.count}{kind.element.intrinsic_name}"
        else:
            suffix = kind.intrinsic_name
        signature = ir.FunctionType(kind, [kind] * len(inputs))
        function = self.builder.module.declare_intrinsic(f"llvm.{name}.{suffix}", (), signature)
        return self.builder.call(function, inputs)

    def abs(self, x: Any) -> Any:
        """|x|."""
        return self._intrinsic("fabs", x)

    def sqrt(self, x: Any) -> Any:
        """The square root; nan below 0."""
        return self._intrinsic("sqrt", x)

    def sound(self, result: Any, *inputs: Any) -> Any:
        """The result of a gate that would make a finite number of inputs that are not: nan if one of them is not."""
        for x in inputs:
            result = self.fma(x, 0.0, result)
        return result

    def larger(self, x: Any, y: Any) -> Any:
        """The larger of two finite numbers."""
        return self.select(self.above(x, y), x, y)

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger of the two."""
        x, y = self._pair(x, y)
        return self.sound(self.larger(x, y), x, y)

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller of the two."""
        x, y = self._pair(x, y)
        return self.sound(self.select(self.above(x, y), y, x), x, y)

    def step(self, x: Any) -> Any:
        """1 above 0, else 0."""
        return self.sound(self.select(self.above(x, 0.0), self.splat(1.0, x.type), self.splat(0.0, x.type)), x)

    def relu(self, x: Any) -> Any:
        """x above 0, else 0."""
        return self.sound(self.larger(x, 0.0), x)

    def polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        """Horner's rule, the highest power first."""
        result = self.splat(coefficients[0], x.type)
        for coefficient in coefficients[1:]:
            result = self.fma(result, x, coefficient)
        return result

    # ---------------- exponential

    def _scaled(self, x: Any, power: Any) -> Any:
        """x * 2**power, for whole powers from -1022 to 1023, in two halves so that the ends are reached."""
        integers = _integers(x.type)
        whole = self.builder.fptosi(power, integers)
        half = self.builder.ashr(whole, _each(integers, 1))
        for part in (half, self.builder.sub(whole, half)):
            bits = self.builder.shl(
                self.builder.add(part, _each(integers, 1023)),
                _each(integers, 52),
            )
            x = self.builder.fmul(x, self.builder.bitcast(bits, x.type))
        return x

    def _reduced(self, x: Any) -> tuple[Any, Any]:
        """Round x / log 2 to n; n and x - n log 2, the latter in two steps."""
        n = self._intrinsic("rint", self.mul(x, 1.0 / math.log(2.0)))
        r = self.fma(n, -6.93147180369123816490e-01, x)
        return n, self.fma(n, -1.90821492927058770002e-10, r)

    def exp(self, x: Any) -> Any:
        """2**n times a polynomial in the rest; infinite above 709.78, 0 below -745.13."""
        given, x = x, self.larger(x, -746.0)
        n, r = self._reduced(self.select(self.above(x, 710.0), 710.0, x))
        terms = [1.0 / math.factorial(k) for k in range(13, 1, -1)]
        rest = self.mul(self.mul(r, r), self.polynomial(r, terms))
        return self.sound(self._scaled(self.add(1.0, self.add(r, rest)), n), given)

    def expm1(self, x: Any) -> Any:
        """The same less 1, for x up to 0."""
        given, x = x, self.larger(x, -746.0)
        n, r = self._reduced(x)
        terms = [1.0 / math.factorial(k) for k in range(13, 1, -1)]
        rest = self.add(r, self.mul(self.mul(r, r), self.polynomial(r, terms)))  # e**r - 1
        power = self._scaled(self.splat(1.0, x.type), n)
        return self.sound(self.fma(power, rest, self.sub(power, 1.0)), given)

    def tanh(self, x: Any) -> Any:
        """From m = expm1(-2|x|), as -m / (2 + m), with the sign of x."""
        m = self.expm1(self.mul(self.abs(x), -2.0))
        size = self.div(self.neg(m), self.add(2.0, m))
        return self._intrinsic("copysign", size, x)

    def sigmoid(self, x: Any) -> Any:
        """1 or e over 1 + e, with e = exp(-|x|)."""
        e = self.exp(self.neg(self.abs(x)))
        return self.div(self.select(self.above(x, 0.0), 1.0, e), self.add(1.0, e))

    def softplus(self, x: Any) -> Any:
        """log(1 + e**x), as max(x, 0) + log1p(exp(-|x|))."""
        return self.add(self.relu(x), self.log1p(self.exp(self.neg(self.abs(x)))))

    def elu(self, x: Any, alpha: Any) -> Any:
        """x above 0, else alpha (e**x - 1)."""
        return self.select(self.above(x, 0.0), x, self.mul(alpha, self.expm1(self.minimum(x, 0.0))))

    def leaky_relu(self, x: Any, alpha: Any) -> Any:
        """x above 0, else alpha x."""
        return self.select(self.above(x, 0.0), x, self.mul(alpha, x))

    def reciprocal(self, x: Any) -> Any:
        """1 / x."""
        return self.div(1.0, x)

    def power(self, x: Any, exponent: float) -> Any:
        """x to a constant power: products for a small whole one, else the C library's pow."""
        if exponent == int(exponent) and abs(exponent) <= 16:
            result = self.sound(self.splat(1.0, x.type), x)
            for _ in range(int(abs(exponent))):
                result = self.mul(result, x)
            return result if exponent >= 0.0 else self.div(1.0, result)
        return self.sqrt(x) if exponent == 0.5 else self.pow(x, self.splat(exponent, x.type))

    def pow(self, x: Any, y: Any) -> Any:
        """x**y, by the C library."""
        x, y = self._pair(x, y)
        return self.sound(self._intrinsic("pow", x, y), x, y)

    # ---------------- logarithm

    def log(self, x: Any) -> Any:
        """The logarithm, after Sun's e_log.c: k log 2 and that of 1 + f, for 2**k (1 + f); nan at 0 and below."""
        given, integers = x, _integers(x.type)
        small = self.builder.fcmp_ordered("<", x, self.splat(2.0**-1022, x.type))
        x = self.select(small, self.mul(x, 2.0**54), x)
        shift = self.select(small, self.splat(54.0, x.type), self.splat(0.0, x.type))
        bits = self.builder.bitcast(x, integers)
        lowered = self.builder.sub(bits, _each(integers, 0x3FE6A09E667F3BCD))  # sqrt(1/2)
        k = self.builder.ashr(lowered, _each(integers, 52))
        bits = self.builder.sub(bits, self.builder.shl(k, _each(integers, 52)))
        m = self.builder.bitcast(bits, x.type)
        k = self.sub(self.builder.sitofp(k, x.type), shift)
        f = self.sub(m, 1.0)
        s = self.div(f, self.add(2.0, f))
        z = self.mul(s, s)
        terms = [1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01]
        terms += [2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01]
        r = self.mul(z, self.polynomial(z, terms))
        half = self.mul(0.5, self.mul(f, f))
        low = self.fma(k, 1.90821492927058770002e-10, self.mul(s, self.add(half, r)))
        result = self.fma(k, 6.93147180369123816490e-01, self.sub(f, self.sub(half, low)))
        return self.sound(self.select(self.above(given, 0.0), result, math.nan), given)

    def log1p(self, x: Any) -> Any:
        """log(1 + x), for x from 0 to 1: what 1 + x lost in rounding is added, divided by it."""
        one = self.add(1.0, x)
        lost = self.sub(x, self.sub(one, 1.0))
        return self.add(self.log(one), self.div(lost, one))

    # ---------------- circle

    def sin(self, x: Any) -> Any:
        """The sine."""
        return self._circular(x, "sin", 0)

    def cos(self, x: Any) -> Any:
        """The cosine: the sine a quarter of a turn on."""
        return self._circular(x, "cos", 1)

    def _circular(self, x: Any, name: str, ahead: int) -> Any:
        """By series up to an eighth of a turn to either side; where some number is huge, by the C library."""
        huge = self.above(self.abs(x), 2.0**30)
        if isinstance(x.type, ir.VectorType):
            bits = self.builder.bitcast(huge, ir.IntType(x.type.count))
            huge = self.builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))
        with self.builder.if_else(huge, likely=False) as (then, otherwise):
            with then:
                by_library, first = self._intrinsic(name, x), self.builder.block
            with otherwise:
                by_series, second = self._series(x, ahead), self.builder.block
        result = self.builder.phi(x.type)
        result.add_incoming(by_library, first)
        result.add_incoming(by_series, second)
        return result

    def _series(self, x: Any, ahead: int) -> Any:
        """Of x less n quarters of a turn, in three steps; n says which of sine and cosine, and its sign."""
        n = self._intrinsic("rint", self.mul(x, 2.0 / math.pi))
        r = x
        for part in (-1.5707963267948966, -6.123233995736766e-17, 1.4973849048591698e-33):  # of pi / 2
            r = self.fma(n, part, r)
        z = self.mul(r, r)
        odd = [(-1.0) ** k / math.factorial(2 * k + 1) for k in range(9, 0, -1)]
        even = [(-1.0) ** k / math.factorial(2 * k) for k in range(9, 0, -1)]
        sine = self.fma(self.mul(r, z), self.polynomial(z, odd), r)
        cosine = self.fma(z, self.polynomial(z, even), self.splat(1.0, x.type))
        integers = _integers(x.type)
        quarter = self.builder.add(self.builder.fptosi(n, integers), _each(integers, ahead))
        low = self.builder.and_(quarter, _each(integers, 1))
        size = self.builder.select(self.builder.icmp_signed("==", low, _each(integers, 0)), sine, cosine)
        high = self.builder.and_(quarter, _each(integers, 2))
        return self.builder.select(self.builder.icmp_signed("==", high, _each(integers, 0)), size, self.neg(size))


def _integers(kind: Any) -> Any:
    return ir.VectorType(integer, kind.count) if isinstance(kind, ir.VectorType) else integer


def _each(kind: Any, x: int) -> Any:
    return Splat(kind, x) if isinstance(kind, ir.VectorType) else ir.Constant(kind, x)
