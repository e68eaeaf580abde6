"""Regulatory genomics from the shell: from aligned binding sites to a genome-wide prediction track.

The pipeline, in order: ``build-pwm`` (aligned sites to a motif), ``pssm`` (log-odds scores under a
background), ``scan`` (motif scores along sequences), ``kmer-featurize`` (k-mer tables), ``train``
(linear, dense and convolutional models), ``predict`` (BED and bigWig), ``evaluate`` (metrics).
Every step is a subcommand of ``seqnet`` and a function of this package.
"""

__version__ = "0.1.0"
