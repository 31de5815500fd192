/* Backward: counts calls of it, and notes the loss (capture/torchwide.py, values.py). */

#include "native.h"

enum { ORIGINAL = 1, PENDING, UNDER_WAY, ITEM, JOURNAL, VALUES, TENSOR, PARTS };
enum { MOST_PENDING = 0 };

static struct {
    Py_ssize_t loss_code, scalers;
} values_at;

static const Slot values_slots[] = {
    {"loss_code", &values_at.loss_code},
    {"scalers", &values_at.scalers},
    {NULL, NULL},
};

static PyObject *is_cpu, *item, *note_backward;

/* Return the number in a tensor on the CPU; NULL if it is not one float. */
static PyObject *
number_in(PyObject *tensor)
{
    PyObject *on_cpu = PyObject_GetAttr(tensor, is_cpu);
    Py_XDECREF(on_cpu);
    if (on_cpu != Py_True) {
        return NULL;
    }
    PyObject *number = PyObject_VectorcallMethod(
        item, &tensor, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    if (number != NULL && !PyFloat_CheckExact(number)) {
        Py_CLEAR(number);
    }
    return number;
}

/* Write a loss that is as simple as the last one was: 1; 0 if that cannot be done. */
static int
write_loss(Function *self, PyObject *tensor)
{
    PyObject *code = get(self->part[VALUES], values_at.loss_code);
    if (!PyFloat_CheckExact(code) || !is_open(self->part[JOURNAL])
        || PyList_GET_SIZE(get(self->part[VALUES], values_at.scalers)) != 0
        || !Py_IS_TYPE(tensor, (PyTypeObject *)self->part[TENSOR])) {
        return 0;
    }
    Py_INCREF(code);
    PyObject *number = number_in(tensor), *row = NULL;
    PyObject *values = number == NULL ? NULL : PyList_New(1);
    if (values == NULL) {
        Py_XDECREF(number);
    } else {
        PyList_SET_ITEM(values, 0, number);
        if (is_open(self->part[JOURNAL])) { /* still: another thread may have closed it */
            row = store_row(self->part[JOURNAL], code, values);
        }
    }
    Py_XDECREF(values);
    Py_DECREF(code);
    Py_XDECREF(row);
    return row != NULL;
}

/* Have Python note the loss, whatever it is. */
static int
note_slowly(Function *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    PyObject *given = PyTuple_New(count), *named = PyDict_New(), *result = NULL;
    if (given == NULL || named == NULL) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyTuple_SET_ITEM(given, i, new_reference(args[i]));
    }
    for (Py_ssize_t i = 0; kwnames != NULL && i < PyTuple_GET_SIZE(kwnames); i++) {
        if (PyDict_SetItem(named, PyTuple_GET_ITEM(kwnames, i), args[count + i]) < 0) {
            goto done;
        }
    }
    result = PyObject_CallMethodObjArgs(self->part[VALUES], note_backward, given, named,
                                        NULL);
done:
    Py_XDECREF(given);
    Py_XDECREF(named);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* Note the loss, if that is wanted; -1 with an exception that is not ours. */
static int
note_loss(Function *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    if (self->part[VALUES] == Py_None
        || (PyVectorcall_NARGS(nargsf) > 0 && write_loss(self, args[0]))) {
        return 0;
    }
    return may_try_again() ? note_slowly(self, args, nargsf, kwnames) : -1;
}

static PyObject *
backward(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    PyObject *pending = self->part[PENDING], *under_way = self->part[UNDER_WAY];
    if (PyList_GET_SIZE(under_way) != 0
        || PyList_GET_SIZE(pending) >= self->number[MOST_PENDING]) {
        return slowly(self, args, nargsf, kwnames);
    }
    if (PyList_Append(pending, self->part[ITEM]) < 0
        || note_loss(self, args, nargsf, kwnames) < 0) {
        return NULL;
    }
    PyObject *thread = PyLong_FromUnsignedLong(own_thread());
    return call_listed(self->part[ORIGINAL], args, nargsf, kwnames, under_way, thread);
}

/* (slow, original, pending, under way, item, most pending, journal, class of a writer,
   values or None, class of a tensor) */
PyObject *
make_backward(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *part[PARTS], *writer;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OOO!O!OnOO!OO!", &part[SLOW], &part[ORIGINAL],
                          &PyList_Type, &part[PENDING], &PyList_Type, &part[UNDER_WAY],
                          &part[ITEM], &most, &part[JOURNAL], &PyType_Type, &writer,
                          &part[VALUES], &PyType_Type, &part[TENSOR])
        || learn_journal(part[JOURNAL], writer) < 0
        || (part[VALUES] != Py_None
            && find_slots((PyObject *)Py_TYPE(part[VALUES]), values_slots) < 0)) {
        return NULL;
    }
    is_cpu = PyUnicode_InternFromString("is_cpu");
    item = PyUnicode_InternFromString("item");
    note_backward = PyUnicode_InternFromString("note_backward");
    if (is_cpu == NULL || item == NULL || note_backward == NULL) {
        return NULL;
    }
    Function *self = (Function *)new_function(backward, part, PARTS);
    if (self != NULL) {
        self->number[MOST_PENDING] = most;
    }
    return (PyObject *)self;
}
