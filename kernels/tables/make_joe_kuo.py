"""Makes joe_kuo_4096.bin and prints the known answers of its test, from the table that SciPy ships.

    pip install scipy && python make_joe_kuo.py

The direction numbers are new-joe-kuo-6 of Joe and Kuo (2008), "Constructing Sobol sequences with better
two-dimensional projections", SIAM J. Sci. Comput. 30, 2635-2654. They are under the licence in joe_kuo_licence.txt.

For each of the first 4,096 dimensions the file holds 16-bit words, low byte first: the degree of the primitive
polynomial, its inner coefficients, the highest first, and as many initial direction numbers. The first dimension is
van der Corput's sequence and is not in the file.
"""

import pathlib
import struct

import numpy
import scipy.stats

DIMENSIONS = 4096

folder = pathlib.Path(__file__).parent
source = pathlib.Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz"
table = numpy.load(source)
words = []
for polynomial, initial in list(zip(table["poly"], table["vinit"]))[1:DIMENSIONS]:
    degree = int(polynomial).bit_length() - 1
    inner = (int(polynomial) >> 1) & ((1 << (degree - 1)) - 1)
    words += [degree, inner] + [int(number) for number in initial[:degree]]
(folder / "joe_kuo_4096.bin").write_bytes(struct.pack(f"<{len(words)}H", *words))

points = scipy.stats.qmc.Sobol(DIMENSIONS, scramble=False, bits=32).random(16)
for dimension in [0, 1, 2, 3, 10, 100, 1000, 4095]:
    column = ", ".join(f"{int(value * 2**32):#010x}" for value in points[:, dimension])
    print(f"({dimension}, [{column}]),")
