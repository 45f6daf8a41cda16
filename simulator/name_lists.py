"""Names as they are common, by where a family comes from: given names from the older to the younger, families by frequency."""

from __future__ import annotations

#: origin -> (women's given names, oldest fashion first; men's; family names, most frequent first)
COMMON: dict[str, tuple[str, str, str]] = {
    "english": (
        "Dorothy Margaret Betty Joan Jean Barbara Patricia Shirley Carol Sandra Susan Linda Mary Christine Deborah Karen Julie "
        "Elizabeth Catherine Lisa Michelle Nicola Angela Sarah Jennifer Katherine Rebecca Emma Laura Rachel Jessica Amy Hannah Lauren "
        "Charlotte Sophie Chloe Emily Megan Olivia Grace Ella Isabella Amelia Mia Poppy",
        "Harold George Arthur Frank Ronald Kenneth Donald John William Robert Peter Michael David Alan Brian Anthony Stephen Paul Mark "
        "Andrew Kevin Ian Christopher Richard Simon Jonathan Matthew James Daniel Thomas Adam Benjamin Samuel Joshua Jack Ryan Nathan "
        "Luke Oliver Harry Alexander Jacob Noah Liam Theodore Leo",
        "Smith Jones Williams Brown Johnson Taylor Davies Wilson Miller Evans Davis Thomas Anderson Roberts Moore Walker Wright "
        "Robinson Thompson White Hughes Edwards Green Hall Wood Harris Martin Jackson Clarke Lewis Clark Turner Hill Scott Cooper Morris "
        "Ward Moss King Baker Harrison Morgan Allen James Phillips Watson Parker Campbell Bennett Young Kelly Cook Murphy Richardson",
    ),
    "german": (
        "Gertrud Hildegard Ursula Helga Ingrid Renate Karin Monika Gisela Christa Brigitte Elke Sabine Petra Gabriele Susanne Birgit "
        "Andrea Martina Claudia Heike Anja Katrin Stefanie Nicole Sandra Katharina Julia Christina Anna Sarah Lisa Jana Laura Lena "
        "Johanna Lea Sophie Marie Mia Emma Hannah",
        "Heinz Günter Karl Helmut Werner Gerhard Horst Hans Klaus Manfred Dieter Jürgen Wolfgang Peter Bernd Uwe Rainer Joachim "
        "Michael Thomas Andreas Stefan Jörg Frank Matthias Christian Markus Alexander Sebastian Daniel Jan Florian Philipp Tobias "
        "Maximilian Lukas Niklas Felix Jonas Leon Paul Ben",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder "
        "Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid Maier Köhler Herrmann "
        "König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Vogel Friedrich Günther Böhm Groß Strauß",
    ),
    "french": (
        "Jeanne Marcelle Simone Denise Yvonne Jacqueline Monique Françoise Nicole Michèle Danielle Chantal Martine Brigitte Catherine "
        "Sylvie Christine Nathalie Isabelle Valérie Sandrine Céline Stéphanie Aurélie Émilie Julie Élodie Marion Camille Pauline Léa "
        "Manon Chloé Inès Zoé Louise Jade",
        "Marcel Roger René Henri André Jean Pierre Jacques Michel Claude Bernard Gérard Alain Daniel Patrick Philippe Christian "
        "Pascal Thierry Laurent Frédéric Stéphane Olivier David Sébastien Nicolas Julien Jérôme Guillaume Thomas Alexandre Maxime Antoine "
        "Hugo Théo Lucas Enzo Léo Raphaël",
        "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel "
        "Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Müller Lefèvre Faure André Mercier Blanc Guérin Boyer Garnier "
        "Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier Masson",
    ),
    "spanish": (
        "Josefa Dolores Francisca Carmen Pilar Isabel Teresa María Ana Rosa Mercedes Concepción Antonia Encarnación Juana Manuela "
        "Lucía Cristina Marta Elena Silvia Patricia Laura Raquel Beatriz Sonia Mónica Rocío Nuria Andrea Paula Sara Alba Claudia Irene Noelia",
        "Manuel José Antonio Francisco Juan Luis Jesús Ángel Miguel Rafael Pedro Ramón Vicente Fernando Carlos Javier Alberto Enrique "
        "Jorge Roberto Óscar Sergio David Raúl Rubén Iván Daniel Alejandro Pablo Álvaro Adrián Mario Diego Hugo Marcos Martín",
        "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez "
        "Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina Morales Suárez Ortega Delgado "
        "Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Santos Lozano Guerrero Cano Prieto Méndez Cruz",
    ),
    "italian": (
        "Maria Giuseppina Angela Rosa Teresa Giovanna Anna Carla Franca Luisa Paola Patrizia Daniela Antonella Roberta Laura Monica "
        "Barbara Simona Francesca Elisa Silvia Valentina Chiara Federica Giulia Sara Martina Giorgia Alessia Sofia Aurora",
        "Giuseppe Giovanni Antonio Mario Luigi Francesco Vincenzo Salvatore Pietro Franco Carlo Roberto Paolo Marco Stefano Massimo "
        "Maurizio Fabio Andrea Alessandro Luca Simone Matteo Davide Daniele Federico Lorenzo Riccardo Gabriele Leonardo Tommaso Niccolò",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca Mancini Costa Giordano Rizzo "
        "Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale",
    ),
    "dutch": (
        "Johanna Cornelia Hendrika Wilhelmina Elisabeth Adriana Anna Maria Petronella Margaretha Jacoba Ingrid Marja Monique Saskia Esther "
        "Linda Sandra Kim Marieke Sanne Anouk Lotte Eva Fleur Julia Tess Noa",
        "Johannes Cornelis Hendrik Jan Willem Pieter Gerrit Adriaan Jacobus Dirk Kees Hans Rob Peter Marcel Erik Jeroen Martijn Dennis "
        "Mark Bas Tim Thomas Daan Sem Lucas Milan Bram",
        "de_Jong Jansen de_Vries van_den_Berg van_Dijk Bakker Janssen Visser Smit Meijer de_Boer Mulder de_Groot Bos Vos Peters "
        "Hendriks van_Leeuwen Dekker Brouwer de_Wit Dijkstra Smits de_Graaf van_der_Meer van_der_Linden Kok Jacobs de_Haan Vermeulen",
    ),
    "swedish": (
        "Margareta Ingrid Birgitta Kerstin Karin Gunilla Eva Lena Marie Anna Kristina Helena Åsa Maria Susanne Jenny Malin Sara Emma Linnéa "
        "Elin Ida Julia Wilma Alice Maja Ebba",
        "Gösta Sven Lars Karl Bengt Göran Lennart Åke Anders Per Bo Stefan Mats Peter Mikael Jonas Fredrik Magnus Johan Andreas Mattias "
        "Daniel Erik Oskar Viktor Emil William Lucas Elias",
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson Jansson Hansson "
        "Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson Lindström Lindqvist Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren "
        "Lundqvist Mattsson Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin Engström Eklund Danielsson Håkansson Öberg",
    ),
    "polish": (
        "Janina Helena Stanisława Krystyna Danuta Barbara Teresa Maria Jadwiga Halina Elżbieta Ewa Grażyna Bożena Małgorzata Anna Joanna "
        "Beata Dorota Agnieszka Monika Katarzyna Magdalena Karolina Natalia Aleksandra Zuzanna Julia Maja Hanna",
        "Stanisław Kazimierz Henryk Jan Józef Jerzy Zbigniew Ryszard Andrzej Krzysztof Marek Piotr Tomasz Paweł Grzegorz Marcin Wojciech "
        "Michał Łukasz Mateusz Jakub Kamil Dawid Bartosz Filip Antoni Szymon",
        "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur "
        "Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski "
        "Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski",
    ),
    "turkish": (
        "Fatma Emine Hatice Ayşe Zeynep Sultan Hanife Meryem Şerife Elif Gülsüm Havva Özlem Sevgi Songül Filiz Aylin Büşra Esra Merve "
        "Selin Ceren Defne",
        "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Süleyman Fatih Serkan Emre Burak Kerem Can Deniz",
        "Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek",
    ),
    "indian": (
        "Lakshmi Sunita Anita Geeta Meena Rekha Asha Kavita Sushma Neha Pooja Priya Deepa Anjali Swati Shreya Divya Riya Ananya Aisha Fatima "
        "Simran Harpreet",
        "Ramesh Suresh Rajesh Mahesh Anil Sunil Vijay Sanjay Ashok Manoj Rakesh Amit Rahul Rohit Vikram Arjun Aditya Karan Imran Mohammed "
        "Gurpreet Harpreet Jaspreet",
        "Patel Singh Kumar Sharma Shah Khan Gupta Kaur Reddy Iyer Nair Mehta Joshi Desai Rao Das Verma Mishra Chaudhary Agarwal Hussain "
        "Ahmed Ali Begum Malik Bhatt Menon Pillai Banerjee Mukherjee",
    ),
    "arabic": (
        "Fatima Khadija Aisha Zainab Maryam Samira Nadia Leila Amina Huda Rania Salma Yasmin Nour Imane Sara Lina",
        "Mohammed Ahmed Mahmoud Ali Hassan Hussein Omar Khalid Ibrahim Youssef Abdullah Mustafa Karim Rachid Samir Bilal Tariq Hamza Ayoub Zakaria",
        "Mohamed Ahmed Hassan Ali Ibrahim El_Amrani Benali Haddad Khalil Mansour Saleh Najjar Aziz Bouzid Cherif Belkacem Abdelkader "
        "El_Idrissi Alaoui Tazi Rahmani Al-Hashimi Abdallah Nasser Said",
    ),
    "chinese": (
        "Xiuying Guiying Yulan Shuzhen Li Min Jing Fang Yan Xia Juan Ling Ting Ying Yan Xue Na Jia Yi Xin Yutong Zihan",
        "Jianguo Guoqiang Wei Jun Yong Jie Qiang Lei Bin Tao Ming Peng Hao Feng Bo Yu Chen Zihao Haoran Yichen",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Song Tang",
    ),
    "vietnamese": (
        "Hoa Lan Huong Thuy Mai Nga Hanh Linh Phuong Trang Ngoc Thao Vy Quynh Anh",
        "Hung Dung Tuan Minh Hai Nam Long Quang Duc Thanh Khanh Khoa Bao Phuc Anh",
        "Nguyen Tran Le Pham Hoang Huynh Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly",
    ),
    "yoruba": (
        "Folake Yetunde Abimbola Funmilayo Bukola Kehinde Taiwo Titilayo Adaeze Ngozi Chioma Amara Blessing Temitope Ifeoma",
        "Babatunde Olusegun Adebayo Oluwaseun Emeka Chidi Obinna Chukwuemeka Kehinde Taiwo Tunde Ikenna Kwame Kofi Segun",
        "Adeyemi Okafor Okonkwo Adebayo Eze Ogunleye Balogun Nwosu Mensah Owusu Boateng Okoye Obi Asante Adeleke Onyekachi",
    ),
    "brazilian": (
        "Maria Francisca Antônia Terezinha Aparecida Márcia Sônia Sandra Adriana Patrícia Aline Juliana Fernanda Camila Bruna Letícia "
        "Amanda Larissa Beatriz Júlia Manuela Alice",
        "José João Antônio Francisco Sebastião Raimundo Carlos Paulo Luiz Marcos Marcelo Fernando Eduardo Rodrigo Anderson Bruno Felipe "
        "Gustavo Rafael Lucas Gabriel Matheus Pedro Davi Miguel",
        "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida Lopes Soares "
        "Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Araújo",
    ),
}  # fmt: skip

#: parts of rarer family names, joined at random: the long tail
JOINED: dict[str, tuple[str, str]] = {
    "english": (
        "Ash Hart Win Brad Thorn Black Whit Hollo Rad Stan Fair Lang Mar Hazel Cran Wake Had Hard Pen Ever Mill Long Brook Stock Ald "
        "Farn Bur Har Clay Dun East Kings Lock North Ox Red Sand Shep West Wood",
        "ford well ton ley wood field man worth by croft den ham combe stead bridge son burn gate",
    ),
    "german": (
        "Ober Unter Stein Berg Wald Feld Linden Eichen Kirch Neu Alt Roth Weiß Schwarz Grün Hof Brunn Mühl Hasel Birken Rosen Eber Bach "
        "Nieder Hinter Vorder Lang Kurz Schön Gold",
        "meier müller bauer bach berger hofer mann huber egger thaler inger rieder stein feld wald brandt holz auer",
    ),
    "swedish": (
        "Lind Berg Sand Fors Sjö Ek Al Björk Gran Hed Holm Dal Ny Norr Söder Väster Öster Hög Rosen Sten Åker Ström Lund Blom Hall",
        "berg ström gren qvist lund man blad holm stedt dahl mark fors",
    ),
    "dutch": ("van_der van_den van_de de ter", "_Velde _Heuvel _Bosch _Wal _Hoek _Kamp _Horst _Laan _Steen _Ven _Burg _Weide _Beek"),
}  # fmt: skip

#: what a given name is shortened to among those who know the person
SHORT_FORMS: dict[str, str] = dict(
    pair.split(":")
    for pair in (
        "Margaret:Maggie,Peggy Elizabeth:Liz,Beth,Betty Katherine:Kate,Kathy Catherine:Cathy,Kate Patricia:Pat,Trish Susan:Sue "
        "Deborah:Debbie Christine:Chris,Chrissy Jennifer:Jen,Jenny Rebecca:Becky,Bec Jessica:Jess Michelle:Shell Nicola:Nicky "
        "Angela:Angie Barbara:Barb Dorothy:Dot,Dottie Charlotte:Lottie,Charlie Olivia:Liv Isabella:Bella,Izzy Amelia:Millie "
        "Samantha:Sam Rachel:Rach Sandra:Sandy Emily:Em Megan:Meg Robert:Bob,Rob,Bobby William:Bill,Will,Billy Richard:Dick,Rick,Rich "
        "James:Jim,Jimmy,Jamie John:Jack,Johnny Michael:Mike,Mick David:Dave Stephen:Steve Christopher:Chris Anthony:Tony Andrew:Andy "
        "Kenneth:Ken Ronald:Ron Donald:Don Harold:Harry Thomas:Tom,Tommy Matthew:Matt Daniel:Dan,Danny Benjamin:Ben Samuel:Sam "
        "Joshua:Josh Alexander:Alex,Sandy Jonathan:Jon,Jonny Nathan:Nate Jacob:Jake Theodore:Theo,Ted Oliver:Ollie Peter:Pete "
        "Edward:Ed,Ted Johannes:Hannes,Jan,Hans Katharina:Käthe,Kathi Hildegard:Hilde Gertrud:Trude Susanne:Susi Gabriele:Gabi "
        "Brigitte:Gitte Stefanie:Steffi Christina:Tina Wolfgang:Wolf Joachim:Achim Matthias:Matze Maximilian:Max Sebastian:Basti "
        "Philipp:Phil Tobias:Tobi Manfred:Manni Jürgen:Jürg Francisca:Paca Josefa:Pepa Dolores:Lola Francisco:Paco,Curro José:Pepe "
        "Manuel:Manolo Concepción:Concha Mercedes:Merche Isabel:Isa Rafael:Rafa Jesús:Chus Miguel:Migue Antonio:Toni Alejandro:Álex "
        "Frédéric:Fred Sébastien:Seb Stéphanie:Steph Guillaume:Guigui Alexandre:Alex Catherine:Cathy Nathalie:Nat Françoise:Fanfan "
        "Cornelis:Kees Hendrik:Henk Willem:Wim Pieter:Piet Jacobus:Koos Adriaan:Ad Wilhelmina:Willy Hendrika:Riek Cornelia:Corrie "
        "Giuseppe:Beppe,Peppino Francesco:Franco Giovanni:Gianni Salvatore:Totò Giuseppina:Pina Alessandro:Sandro Lorenzo:Renzo "
        "Katarzyna:Kasia Małgorzata:Gosia Agnieszka:Aga Magdalena:Magda Aleksandra:Ola Krzysztof:Krzysiek Stanisław:Staszek "
        "Zbigniew:Zbyszek Tomasz:Tomek Grzegorz:Grzesiek Jakub:Kuba Margareta:Greta Birgitta:Gittan Kristina:Kicki Fredrik:Figge "
        "Mohammed:Mo,Med Abdullah:Abdul Rajesh:Raj Harpreet:Harry Gurpreet:Guru Terezinha:Teca Aparecida:Cida Sebastião:Tião Antônio:Toninho"
    ).split()
)  # fmt: skip
