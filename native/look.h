/* Look: what an optimizer's groups held at its last step. */

#ifndef LRSCOPE_LOOK_H
#define LRSCOPE_LOOK_H

#include "native.h"

/* A key of a dict: the very object that the dict has, and where, as PyDict_Next counts.
   Looking there takes a fifth of looking for it; dicts keep their order. */
typedef struct {
    PyObject *name; /* NULL if the dict has none such */
    Py_ssize_t place;
} Key;

/* A number, or a few of them, that a group holds beside its rate. */
typedef struct {
    Key key;
    PyObject *was;
    int is_lasting;    /* while it is the same object, it has the same value */
    uint64_t followed; /* elements that have a column in the row, as bits */
} Setting;

typedef struct {
    PyObject *group;
    Key lr;
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

/* Return what a dict holds under a key, borrowed; NULL if it has none such, or with an
   exception. The dict may have changed since, or be another one. */
static inline PyObject *
find(PyObject *dict, Key key)
{
    PyObject *name, *value;
    Py_ssize_t place = key.place;
    if (PyDict_Next(dict, &place, &name, &value) && name == key.name) {
        return value;
    }
    return key.name == NULL ? NULL : PyDict_GetItemWithError(dict, key.name);
}

/* Say whether the groups whose turn it is hold what they held, but for what has
   columns: 1 or 0, -1 with an exception. */
int look_beside(Look *look, PyObject *groups, Py_ssize_t turn);

/* Return the values of a row, rates and columns; NULL without an exception if one of
   them is no float. */
PyObject *look_values(Look *look, PyObject *groups, PyObject *rates);

#endif
