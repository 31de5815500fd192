/* Measuring: steps that are not due to be measured (capture/effective/meter.py). */

#include "native.h"

enum { GAUGES = 1, PARTS };

static PyTypeObject *gauge_type; /* kept for good */

static struct {
    Py_ssize_t watch, due, left, row, opened;
} gauge_at;

static const Slot gauge_slots[] = {
    {"watch", &gauge_at.watch},   {"due", &gauge_at.due}, {"left", &gauge_at.left},
    {"row", &gauge_at.row},       {"opened", &gauge_at.opened},
    {NULL, NULL},
};

static struct {
    Py_ssize_t row;
} watch_at;

static const Slot watch_slots[] = {{"row", &watch_at.row}, {NULL, NULL}};

/* Return the gauge of an optimizer, borrowed; NULL if there is none. */
static PyObject *
gauge_of(Function *self, PyObject *optimizer)
{
    PyObject *key = PyLong_FromVoidPtr(optimizer);
    PyObject *gauge = key == NULL ? NULL
                                  : PyDict_GetItemWithError(self->part[GAUGES], key);
    Py_XDECREF(key);
    return gauge != NULL && Py_IS_TYPE(gauge, gauge_type) ? gauge : NULL;
}

static PyObject *
not_due(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    if (PyVectorcall_NARGS(nargsf) == 3) {
        PyObject *gauge = gauge_of(self, args[0]);
        if (gauge != NULL && get(gauge, gauge_at.due) == Py_False) {
            Py_RETURN_NONE;
        }
    }
    return may_try_again() ? slowly(self, args, nargsf, kwnames) : NULL;
}

/* Count a step that was not measured, down to the next one that will be. */
static int
count_down(PyObject *gauge)
{
    PyObject *row = get(get(gauge, gauge_at.watch), watch_at.row);
    if (get(gauge, gauge_at.opened) != Py_None
        || PyObject_RichCompareBool(row, get(gauge, gauge_at.row), Py_EQ) != 0) {
        return 0;
    }
    long long left = PyLong_AsLongLong(get(gauge, gauge_at.left));
    if (left == -1 && PyErr_Occurred()) {
        return 0;
    }
    PyObject *fewer = PyLong_FromLongLong(left - 1);
    if (fewer == NULL) {
        return 0;
    }
    put(gauge, gauge_at.row, new_reference(row));
    put(gauge, gauge_at.left, fewer);
    put(gauge, gauge_at.due, PyBool_FromLong(left - 1 <= 0));
    return 1;
}

static PyObject *
counted(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    if (PyVectorcall_NARGS(nargsf) == 3) {
        PyObject *gauge = gauge_of(self, args[0]);
        if (gauge != NULL && count_down(gauge)) {
            Py_RETURN_NONE;
        }
    }
    return may_try_again() ? slowly(self, args, nargsf, kwnames) : NULL;
}

/* (slow, gauges, class of a gauge, class of a watch) */
static PyObject *
make(PyObject *args, vectorcallfunc call)
{
    PyObject *part[PARTS], *type, *watch;
    if (!PyArg_ParseTuple(args, "OO!O!O!", &part[SLOW], &PyDict_Type, &part[GAUGES],
                          &PyType_Type, &type, &PyType_Type, &watch)
        || find_slots(type, gauge_slots) < 0 || find_slots(watch, watch_slots) < 0) {
        return NULL;
    }
    Py_XSETREF(gauge_type, (PyTypeObject *)new_reference(type));
    return new_function(call, part, PARTS);
}

PyObject *
make_not_due(PyObject *Py_UNUSED(module), PyObject *args)
{
    return make(args, not_due);
}

PyObject *
make_counted(PyObject *Py_UNUSED(module), PyObject *args)
{
    return make(args, counted);
}
