/* Look: what an optimizer's groups held at its last step. */

#ifndef LRSCOPE_LOOK_H
#define LRSCOPE_LOOK_H

#include "native.h"

/* A number, or a few of them, that a group holds beside its rate. */
typedef struct {
    PyObject *key;
    PyObject *was;
    int is_lasting;    /* while it is the same object, it has the same value */
    uint64_t followed; /* elements that have a column in the row, as bits */
} Setting;

typedef struct {
    PyObject *group;
    Py_ssize_t size;       /* keys in it */
    Py_ssize_t begin, end; /* its settings */
} Beside;

/* A number beside the rates that the row holds, too. */
typedef struct {
    Py_ssize_t position; /* of the group */
    PyObject *key;
    Py_ssize_t index;
} Column;

typedef struct {
    PyObject_HEAD
    Py_ssize_t groups, settings, columns;
    Py_ssize_t at_once; /* groups looked beside in a step; with more, they take turns */
    Beside *beside;
    Setting *setting;
    Column *column;
} Look;

/* Say whether the groups whose turn it is hold what they held, but for what has
   columns: 1 or 0, -1 with an exception. */
int look_beside(Look *look, PyObject *groups, Py_ssize_t turn);

/* Return the values of a row, rates and columns; NULL without an exception if one of
   them is no float. */
PyObject *look_values(Look *look, PyObject *groups, PyObject *rates);

#endif
