"""Where each system comes from."""

from __future__ import annotations

SEED_REVIEW = "Nico et al. Insights Imaging 2022;13:149"
SEED_COHORT = "Belgian cohort of 30 children (Leuven, Ghent), registration EC KUL MP018023"
ARNOLDI = "Arnoldi AP et al. Eur Radiol 2017;27:2391-2399"
ZHAO_CROMRIS = "Zhao Y et al. J Rheumatol 2020;47:739-747"
CAPPONI = "Capponi M et al. Pediatr Rheumatol 2021;19:123"
BECK = "Beck C et al. Arthritis Res Ther 2010;12:R74; 90 % category: Reiser C et al. ACR Open Rheumatol 2025"
JANSSON_2009 = "Jansson AF et al. Arthritis Rheum 2009;60:1152-1159"
JANSSON_2007 = "Jansson A et al. Rheumatology 2007;46:154-160"
RODERICK = "Roderick MR et al. Pediatr Rheumatol 2016;14:47"
ZHAO_EULAR_ACR = "Zhao Y, Oliver MS, Schnabel A et al. Ann Rheum Dis 2025;84:1458-1468"
KOSTIK = "Kostik et al. Front Pediatr 2023, doi 10.3389/fped.2023.1067206"
WU = "Wu EY, Oliver M et al. J Rheumatol 2023;50:1333-1340"
CHAQ = "Childhood Health Assessment Questionnaire; scoring and clinically important change, PubMed 11508427"
NURUZZAMAN = "Nuruzzaman F et al. ACR Convergence 2025, abstract 1669"
GENANT = "Genant semiquantitative grading, as given in qims.amegroups.com 24006 and jtd.amegroups.org 43250"
PANWAR = "Panwar et al., whole-body MRI quantification in CNO treated with pamidronate"
KIENINGER = "Kieninger et al. Br J Radiol 2022;95:20211091"
ANDRONIKOU = "Andronikou S et al. Clin Radiol 2019, as described in " + SEED_REVIEW
VON_KALLE = "von Kalle T et al. RoFo 2013;185:655-661"
FALIP = "Falip et al. 2013 (doi 10.1007/s00247-012-2544-6), as drawn in Fig. 5 of " + SEED_REVIEW
CARRA = "Zhao Y et al. Arthritis Care Res 2018;70:1228-1237; Fig. 14 of " + SEED_REVIEW
