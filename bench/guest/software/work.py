# Pure Python of several kinds: numbers, objects, lists, dictionaries, strings. Prints what it computed.

import re


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def plus(self, other):
        return Vector(self.x + other.x, self.y + other.y)


def queens(n, row=0, columns=0, left=0, right=0):
    """In how many ways n queens stand on a board without threatening each other."""
    if row == n:
        return 1
    count = 0
    for column in range(n):
        bit = 1 << column
        if not (columns | left | right) & bit:
            count += queens(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count


def mandelbrot(size, limit):
    total = 0
    for row in range(size):
        for column in range(size):
            c = complex(column * 3 / size - 2, row * 2 / size - 1)
            z = 0j
            for i in range(limit):
                if abs(z) > 2:
                    break
                z = z * z + c
            total += i
    return total


def count_words(text):
    counts = {}
    for word in re.findall(r"[a-z]+", text):
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]


def walk(steps):
    at, step = Vector(0, 0), Vector(1, 2)
    for i in range(steps):
        at = at.plus(step) if i % 3 else step.plus(at)
    return at.x * at.y


with open("text") as file:
    words = file.read(200_000)

print(queens(7), mandelbrot(40, 40), walk(20_000), count_words(words), sum(sorted(i * 7919 % 30011 for i in range(30_000))[::7]))
