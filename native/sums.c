/* Sums: what is measured of a step, added up (capture/effective/sums.py).

Everything lies in memory of lrscope's own, whose addresses Python hands over.
*/

#include "native.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* loops over many numbers: here size is not what counts */
#endif

enum { BLOCK = 16 };

/* In the order of NAMES in sums.py, which goes on with `decay`. */
enum { MM, MG, MW, GG, GW, WW, NOT_ZERO, FINITE, HAVE_MOVED, ADDED };
enum { VAR_DG = 10, VAR_GG, COV_DG_GG, VAR_MM, VAR_WW, COV_MM_WW, SQUARES_GG };

typedef struct {
    const double *moved, *gradient, *weight;
} Vectors;

/* Add a run of elements to sums, each of which is ADDED numbers. */
static void
add_run(Vectors of, Py_ssize_t start, Py_ssize_t end, double *sums)
{
    for (Py_ssize_t at = start; at < end; at++) {
        double m = of.moved[at], g = of.gradient[at], w = of.weight[at];
        sums[MM] += m * m;
        sums[MG] += m * g;
        sums[MW] += m * w;
        sums[GG] += g * g;
        sums[GW] += g * w;
        sums[WW] += w * w;
        sums[NOT_ZERO] += g != 0;
        sums[FINITE] += g - g == 0;
        sums[HAVE_MOVED] += m != 0;
    }
}

/* Add what two blocks stand for, and how far that may be from the truth. */
static void
add_pair(Vectors of, Py_ssize_t start, double scale, double spread, double decay,
         double *total)
{
    double one[ADDED] = {0}, other[ADDED] = {0};
    add_run(of, start, start + BLOCK, one);
    add_run(of, start + BLOCK, start + 2 * BLOCK, other);
    for (int each = 0; each < ADDED; each++) {
        total[each] += scale * (one[each] + other[each]);
    }
    double driven = one[MG] + decay * one[GW] - (other[MG] + decay * other[GW]);
    double gg = one[GG] - other[GG], mm = one[MM] - other[MM], ww = one[WW] - other[WW];
    total[VAR_DG] += driven * driven * spread;
    total[VAR_GG] += gg * gg * spread;
    total[COV_DG_GG] += driven * gg * spread;
    total[VAR_MM] += mm * mm * spread;
    total[VAR_WW] += ww * ww * spread;
    total[COV_MM_WW] += mm * ww * spread;
    total[SQUARES_GG] += gg * gg * spread * (gg * gg * spread);
}

/* add_up(total, moved, gradient, weight, size, scale, spread, decay): addresses of
   doubles; without scale and spread (0) the elements are measured whole. */
PyObject *
add_up(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t total, moved, gradient, weight, size, scale, spread;
    double decay;
    if (!PyArg_ParseTuple(args, "nnnnnnnd", &total, &moved, &gradient, &weight, &size,
                          &scale, &spread, &decay)) {
        return NULL;
    }
    Vectors of = {(double *)moved, (double *)gradient, (double *)weight};
    const double *scales = (double *)scale, *spreads = (double *)spread;
    if (scales == NULL) {
        add_run(of, 0, size, (double *)total);
    }
    for (Py_ssize_t at = 0; scales != NULL && at < size; at += 2 * BLOCK) {
        add_pair(of, at, scales[at / BLOCK], spreads[at / BLOCK / 2], decay,
                 (double *)total);
    }
    Py_RETURN_NONE;
}
