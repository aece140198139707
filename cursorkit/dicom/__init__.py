"""DICOM as DICOMweb carries it."""
